/** Limits that keep one client from taking the REST API from the others. */
export const httpLimits = {
  /** Time for a request's headers. */
  headersMs: 5_000,
  /** Time for a client to take its response, which waits in memory. Streams have their own rule. */
  responseMs: 30_000,
  /** How long a connection may be idle between two requests. */
  idleMs: 5_000,
  /** Connections: slow clients cannot lock everyone out, and memory stays bounded. */
  connections: 256,
  /** Time after which the reader of a broken event stream should reconnect. */
  retryMs: 3_000,
  /** Wrong tokens a minute that get `token_wrong`; further ones have to wait. The right one always works. */
  wrongTokensPerMinute: 10,
  /** Time for a clean stop before the process exits anyway. */
  drainMs: 5_000,
} as const;
