/** Limits of what one incoming event may cost, and of how many are queued. */
export const ingestLimits = {
  /** Content of a presence or relay list, of which we read only tags, and of a ping, which has 1.3 KB. */
  publicContentBytes: 4 * 1024,
  /** Events that wait for their signature check. Beyond it the longest queue loses its newest. */
  queuedEvents: 10_000,
  /** Bytes of all events that wait for their signature check. */
  queuedBytes: 16 * 1024 * 1024,
  /** Signature checks in one turn of the event loop: 16 take about 25 ms with the slow engine. */
  verificationsPerTurn: 16,
  /** Events whose signatures the other thread is checking: enough to keep it busy, few enough to keep latency low. */
  verificationsInThread: 96,
  /** Ids of dropped messages that are remembered, so that other relays' copies cost nothing: 2 MB. */
  droppedIds: 20_000,
  /** How long a sign of life that changed nothing else may wait for a write that it shares: after a crash it comes again. */
  signOfLifeSeconds: 30,
} as const;
