/** Thresholds of `ocmesh doctor`. */
export const doctorLimits = {
  /** Free disk besides the store's own size below which the store is about to refuse. */
  diskLeastBytes: 2 * 1024 * 1024,
  /** Free disk besides the store's own size below which the store will refuse before long. */
  diskFewBytes: 200 * 1024 * 1024,
} as const;
