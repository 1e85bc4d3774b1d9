/** Limits of messages in the store, of receipts and of waiting calls. */
export const messagingLimits = {
  retention: {
    /** Messages kept. The oldest that nobody waits for go first. 100,000 of 300 bytes take 260 MB of memory. */
    storedMessages: 100_000,
    /** Text of all messages kept: it bounds long ones. */
    storedMessageBytes: 64 * 1024 * 1024,
    /** How long a message is kept. */
    messageDays: 365,
    /** How long an event's id is kept: longer than the longest look-back, so that nothing old counts as new. */
    seenDays: 30,
    /** Event ids kept: 40 MB. With more, a catch-up looks back only as far as they reach. */
    seenIds: 200_000,
    /** Messages removed at once when there is no room, so that it is not repeated for each message. */
    pruneBatch: 1_000,
  },
  /** How long an `Idempotency-Key` is remembered. */
  idempotencyHours: 24,
  receipt: {
    /** Messages that one receipt names. The longest ids, with the repeated ones, fill a payload. */
    ids: 130,
    /** Earlier receipts that go out again with the next one. */
    repeats: 20,
    /** How old a receipt may be that goes out again. */
    repeatHours: 24,
  },
  /** How far an envelope's time may differ from its event's and still be believed. */
  envelopeTimeMs: 2_000,
  query: {
    /** Time until a peer gets another reply to a query: each costs a signature and a write. */
    pauseSeconds: 5,
    /** How long a reply that no relay took is offered. */
    replyMinutes: 10,
    /** Peers remembered for `pauseSeconds`. */
    peers: 1_000,
  },
  wait: {
    /** Simultaneous `wait` calls: usually one per agent on the machine; each holds a socket. */
    callers: 32,
    /** Rows of one response to `wait`; the cursor fetches the rest. */
    rows: 100,
  },
} as const;
