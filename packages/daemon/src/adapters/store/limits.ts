/** Limits of waiting for the disk. */
export const storeLimits = {
  /** Time without a confirmed write after which calls get an error instead of waiting: as long as a client waits patiently. */
  slowSeconds: 10,
  /** How long reads wait for a copy of what is on a slow disk: 100,000 messages take half a second if they can be read. */
  copySeconds: 5,
} as const;
