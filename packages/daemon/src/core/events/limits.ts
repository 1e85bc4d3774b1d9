/** Limits of `GET /events`. */
export const eventLimits = {
  /** Events kept for a reader that reconnects: a few minutes of a busy mesh. */
  kept: 1000,
  /** Simultaneous streams, each with its own socket. */
  streams: 32,
} as const;
