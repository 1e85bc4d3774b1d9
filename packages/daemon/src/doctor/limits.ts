/** Thresholds of `ocmesh doctor`. */
export const doctorLimits = {
  /** Free disk beyond the store's size below which the store refuses to write. */
  diskLeastBytes: 2 * 1024 * 1024,
  /** Free disk beyond the store's size below which the store will refuse to write before long. */
  diskFewBytes: 200 * 1024 * 1024,
} as const;
