/** Limits of the outbox. */
export const outboxLimits = {
  /** Queued messages. More means that no relay accepts any, and the caller has to know. */
  queued: 10_000,
  /** Events sent to one relay that wait for their OK: enough to fill a slow connection. */
  inFlight: 32,
  /** Time in which the OKs of several relays are gathered into one write to disk: with five relays 3 writes per message instead of 5. */
  okBatchMs: 20,
  /** How long they then wait for another write to share: a message shows as published that much later. */
  okWaitMs: 100,
  /** Age at which a message that no relay accepted is signed with a new date: relays and receivers look at `created_at`. */
  resignMinutes: 10,
  /** How far an event's date may be from now and still count as fresh: no new date would be better. */
  freshSeconds: 60,
  /** How far a gift wrap is back-dated for a relay that wants fresh dates: half of what the strictest known relay allows. */
  freshSpreadSeconds: 30,
  /** How often one message is re-signed because its receipt is missing: the peer may never send it. */
  resigns: 5,
  /** Refusals without a known reason after which a relay is not asked again: about a quarter of an hour. */
  unexplainedRefusals: 10,
  /** Candidates asked at a time in addition to our relays, for a message that an online peer does not confirm. */
  extraRelays: 2,
  /** Messages kept until the peer's receipt although a relay accepted them: as many as may be queued. */
  awaitingReceipt: 10_000,
  /** Bytes of their events: they cannot be removed from the store, and must leave most of its 64 MiB to others. */
  awaitingReceiptBytes: 16 * 1024 * 1024,
} as const;
