/** Limits of NIP-59 gift wraps. */
export const identityLimits = {
  /** A message inside its gift wrap: it is padded and encoded twice, and one byte more makes an event of over 64 KiB. */
  rumorBytes: 28 * 1024,
  /** How far a gift wrap may be dated back (NIP-59). */
  wrapBackdatedDays: 2,
} as const;
