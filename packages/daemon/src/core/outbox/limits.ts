/** Limits of messages on their way out. */
export const outboxLimits = {
  /** Messages waiting to go out. More means that no relay takes any, and the caller has to know. */
  queued: 10_000,
  /** Events sent to one relay that wait for their OK: enough to fill a slow connection. */
  inFlight: 32,
  /** Time in which several relays' OKs are gathered into one write to disk: with five relays 3 writes a message instead of 5, and nobody notices. */
  answersGatherMs: 20,
  /** Age at which a message that no relay took is signed with a new date: relays and receivers look at `created_at`. */
  resignMinutes: 10,
  /** How often one message is signed again: a relay that rejects every date has a wrong clock. */
  resigns: 5,
} as const;
