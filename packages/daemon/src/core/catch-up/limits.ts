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
  /** Characters of content of one second that may be all that a relay puts into a page. */
  suspectChars: 128 * 1024,
  /** Correspondents whose messages are asked for by author where a flood may hide them. */
  authors: 1_000,
  /** Authors in one filter: relays limit the length of a REQ. */
  authorsPerFilter: 100,
  /** Messages that wait for the EOSE of a live subscription and the catch-up after it: one, unless the relay ignores our limit. */
  earlyEvents: 100,
  /** Time between two queries for messages that a live subscription should have brought: how late those are at most. */
  liveCheckSeconds: 240,
  /** The same on a relay that failed to send a message live on this connection. */
  liveCheckAfterMissSeconds: 60,
  /** Newest events of each kind that such a query returns. */
  liveCheckEvents: 50,
  /** Bytes that such a query may cost: one that costs more comes as many times less often. 5 MB a day for each relay, 20 MB for one that failed. */
  liveCheckBytes: 14 * 1024,
  /** Longest time between two such queries: with large messages, somebody could make us look once a day. */
  liveCheckMostMinutes: 60,
  /** Least time between two queries to a relay for messages that another relay sent live and it did not. */
  elsewhereSeconds: 60,
  /** Ids of a relay that are remembered for it: more than it sends between two queries. */
  liveCheckIds: 1_000,
  /** Pages per fetch: 300,000 events, more than a flood of a week leaves on a relay. One with more is lying. */
  pages: 600,
  /** Backfill of one kind that is held in memory to be sorted. */
  heldBytes: 8 * 1024 * 1024,
} as const;
