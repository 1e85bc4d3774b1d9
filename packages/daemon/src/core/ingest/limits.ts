/** Limits of what one incoming event may cost, and of how many wait. */
export const ingestLimits = {
  /** Content of a presence or relay list, which say nothing in it. */
  publicContentBytes: 4 * 1024,
  /** Events that wait for their signature check. The longest queue loses what exceeds it. */
  queuedEvents: 10_000,
  /** Bytes of all events that wait for their signature check. */
  queuedBytes: 16 * 1024 * 1024,
  /** Signature checks in one turn of the event loop: 16 take about 25 ms with the slow engine. */
  verificationsPerTurn: 16,
  /** Events whose signatures the other thread is checking: enough to keep it busy, few enough that the next one is soon sent. */
  verificationsInThread: 96,
  /** Ids of dropped messages that are remembered, so that other relays' copies cost nothing: 2 MB. */
  droppedIds: 20_000,
} as const;
