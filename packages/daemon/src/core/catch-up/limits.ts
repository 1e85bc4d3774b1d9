/** Limits of fetching the messages that relays kept for us. */
export const catchUpLimits = {
  /** How far to look back after a short interruption. */
  shallowSeconds: 600,
  /** Time between two deep catch-ups on one relay, so that an unstable one is not asked for a week each time. */
  deepEveryMinutes: 60,
  /** Events requested in one page: relays' usual `max_limit`. */
  pageEvents: 500,
  /** Pages of one catch-up: a relay that never runs dry is lying. */
  pages: 200,
  /** Backfilled events of one kind held at once to be sorted. */
  heldBytes: 8 * 1024 * 1024,
} as const;
