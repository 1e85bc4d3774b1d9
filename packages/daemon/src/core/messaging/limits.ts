/** Limits of stored messages, receipts, queries and waiting calls. */
export const messagingLimits = {
  retention: {
    /** Received messages kept, however short. 100,000 of 300 bytes take 260 MB of memory. */
    storedMessages: 100_000,
    /** Sent messages kept, with what their rows cost. Beyond it, the oldest to the one who got most make room. */
    sentBytes: 64 * 1024 * 1024,
    /** How long a message is kept. */
    messageDays: 365,
    /** How long an event id is kept: longer than the longest catch-up reaches back, so that nothing old counts as new. */
    seenDays: 30,
    /** Ids of stored messages kept: 50 MB. With more, a catch-up on the relays that sent most reaches back only as far as they do. */
    seenIds: 200_000,
    /** Ids kept of events without effect, such as junk, and of messages removed to make room: 10 MB. Forgetting one costs a decryption. */
    ignoredIds: 50_000,
    /** Messages removed at once to make room, so that it is not done again for every message. */
    pruneBatch: 20,
    /** Messages that are too old removed at once. */
    oldBatch: 1_000,
  },
  /** How long an `Idempotency-Key` is remembered. */
  idempotencyHours: 24,
  receipt: {
    /** How long a receipt is tried: longer than its message, whose sender may have been away for weeks too and still wonders. */
    days: 30,
    /** Messages named in one receipt. With the repeated ones, the longest ids just fit a payload. */
    ids: 130,
    /** Earlier receipts repeated in the next one. */
    repeats: 20,
    /** How old a repeated receipt may be. */
    repeatHours: 24,
  },
  /** How far the time in an envelope may differ from `created_at` and still be used. */
  envelopeTimeMs: 2_000,
  order: {
    /** Messages that one number can say are missing: with more, the peer lost count rather than that much mail. */
    missing: 1_000,
    /** Messages said to be missing before a peer's first one: a higher number shows a conversation older than this home. */
    missingAtStart: 100,
    /** How much later than the next message a missing one may seem written: clocks are corrected, and some dates are whole seconds. */
    clockStepMs: 5_000,
    /** Pause before a second request to the relays for what one peer's numbers say is missing; doubled after each one. */
    askMinutes: 10,
    /** Longest such pause: a request returns all that relays keep for two days. After twice as long without one, the first pause counts again. */
    askMostMinutes: 1440,
    /** How far before a message the missing ones are looked for. */
    askBackHours: 1,
    /** Peers for which that pause is remembered. */
    askedPeers: 1_000,
  },
  group: {
    /** Receivers of one message that are kept: more are no conversation. */
    recipients: 100,
  },
  /** How often messages whose time is over (NIP-40) are looked for. */
  expireSeconds: 10,
  query: {
    /** Pause between two replies to queries of one peer: each costs a signature and a write. */
    pauseSeconds: 5,
    /** How long a reply that no relay accepted is tried. */
    replyMinutes: 10,
    /** Peers for which the pause is remembered. */
    peers: 1_000,
  },
  wait: {
    /** Simultaneous waiting calls. Usually there is one per agent on the machine; each holds a socket. */
    callers: 32,
    /** Messages in one response to a waiting call; the cursor fetches the rest. */
    rows: 100,
  },
} as const;
