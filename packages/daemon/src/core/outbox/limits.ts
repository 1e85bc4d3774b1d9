/** Limits of the outbox. */
export const outboxLimits = {
  /** Queued messages. More means that no relay accepts any, and the caller has to know. */
  queued: 10_000,
  /** Events sent to one relay that wait for their OK: enough to fill a slow connection. */
  inFlight: 32,
  /** Time in which the OKs of several relays are gathered into one write to disk: with five relays 3 writes per message instead of 5. */
  okBatchMs: 20,
  /** Age at which a message that no relay accepted is signed with a new date: relays and receivers look at `created_at`. */
  resignMinutes: 10,
  /** How far an event's date may be from now and still count as fresh: no new date would be better. */
  freshSeconds: 60,
  /** How far a gift wrap is back-dated for a relay that wants fresh dates: half of what the strictest known relay allows. */
  freshSpreadSeconds: 30,
} as const;
