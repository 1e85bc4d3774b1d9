/** Limits of gift wraps (NIP-59). */
export const identityLimits = {
  /** Rumor inside a gift wrap. It is padded and encoded twice: one byte more makes an event of over 64 KiB. */
  rumorBytes: 28 * 1024,
  /** How far a gift wrap may be back-dated (NIP-59). */
  wrapBackdatedDays: 2,
} as const;
