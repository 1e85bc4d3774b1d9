/** Limits of running under launchd or systemd. */
export const serviceLimits = {
  /** How long the event loop may be blocked before the daemon is restarted. */
  watchdogSeconds: 60,
  /** First pause of a daemon that only a person can fix, under launchd, which would restart it forever. */
  retryFirstSeconds: 5,
  /** Longest such pause. */
  retryMaxSeconds: 300,
  /** Size at which the service's error log, which nobody rotates, is truncated at a start. */
  errorLogBytes: 1024 * 1024,
} as const;
