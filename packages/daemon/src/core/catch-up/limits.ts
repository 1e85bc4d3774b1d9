/** Limits of catch-ups. */
export const catchUpLimits = {
  /** How far before a short interruption a shallow catch-up begins. */
  shallowSeconds: 600,
  /** Time between two deep catch-ups on one relay, so that an unstable one is not asked for a week of messages each time. */
  deepEveryMinutes: 60,
  /** Events requested in one page: relays' usual `max_limit`. */
  pageEvents: 500,
  /** Events requested of a second that fills a page: as many as one query may return. */
  largestPage: 5_000,
  /** Correspondents whose messages are asked for by author where a flood may hide them. */
  authors: 1_000,
  /** Authors in one filter: relays limit the length of a REQ. */
  authorsPerFilter: 100,
  /** Pages per fetch: 300,000 events, more than a flood of a week leaves on a relay. One with more is lying. */
  pages: 600,
  /** Backfill of one kind that is held in memory to be sorted. */
  heldBytes: 8 * 1024 * 1024,
} as const;
