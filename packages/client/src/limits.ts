/** Limits of a client towards whatever listens at the daemon's address. */
export const clientLimits = {
  /** Time for the proof on a new connection: a daemon on a busy machine needs a second. Longer, and it counts as down. */
  proofMs: 15_000,
  /** Bytes of the response to `GET /proof`: a daemon's has 800. */
  proofBytes: 8 * 1024,
  /** Bytes of any other response: a page of 1,000 messages of 20 KB has 40 MB at most, unless almost all of it is escaped. */
  responseBytes: 128 * 1024 * 1024,
  /** Time between the headers of a response and its end: the daemon, too, gives up after 30 s. */
  bodyMs: 30_000,
  /** Idle time of a connection that is kept for the next call: less than the daemon's 5 s, so that it never closes first. */
  idleMs: 3_000,
} as const;
