/** Limits of `GET /history`. */
export const historyLimits = {
  /** Time between two points. */
  intervalSeconds: 60,
  /** Points that are kept: a day. */
  points: 24 * 60,
  /** Relays with round trips of their own: more than the list may have, so that removed ones stay for a while. */
  relays: 40,
} as const;
