/** Limits of catch-ups. */
export const catchUpLimits = {
  /** How far before a short interruption a shallow catch-up begins. */
  shallowSeconds: 600,
  /** Time between two deep catch-ups on one relay, so that an unstable one is not asked for a week of messages each time. */
  deepEveryMinutes: 60,
  /** Events requested in one page: relays' usual `max_limit`. */
  pageEvents: 500,
  /** Pages per fetch: a relay with more is lying. */
  pages: 200,
  /** Backfill of one kind that is held in memory to be sorted. */
  heldBytes: 8 * 1024 * 1024,
} as const;
