/** Limits of the page: what it keeps, and how often it asks. */
export const pageLimits = {
  /** Newest messages that a fresh page fetches: a screenful of conversations, in one response of about 1 MB. */
  firstMessages: 500,
  /** Messages kept in all: older ones are dropped, so that a page left open for weeks does not grow. */
  keptMessages: 2_000,
  /** Messages of an open conversation that are fetched at a time. */
  threadMessages: 50,
  /** Results of a search. */
  foundMessages: 100,
  /** Milliseconds for which events are collected, so that a burst is one change of the page. */
  gatherMs: 100,
  /** Milliseconds between two looks at what no event reports: uptime, counters, round trips. */
  statusMs: 5_000,
  /** Milliseconds between two looks at who was seen last, which no event reports. */
  seenMs: 15_000,
  /** Peers in such a look: more give a sign of life in 15 s only on a mesh of some thousands. */
  seenPeers: 100,
  /** Milliseconds between two points of the history: the daemon keeps one a minute. */
  historyMs: 60_000,
  /** Peers and messages that are asked for one by one after events; more of them are fetched as a list. */
  singleFetches: 20,
  /** Milliseconds before the stream is opened again, at first. */
  reconnectFirstMs: 250,
  /** The longest such pause, in milliseconds: a restarted daemon is back on the page within that time. */
  reconnectMaxMs: 5_000,
} as const;
