/** Pause after the first failure, and the longest one. */
export interface BackoffRange {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Exponential back-off: the pause before the next attempt, in milliseconds. Doubles with each failure.
 * @param failures failed attempts before the last one: 0 gives `firstMs`
 */
export const backoffMs = ({ firstMs, maxMs }: BackoffRange, failures: number): number =>
  Math.min(maxMs, firstMs * 2 ** failures);

/**
 * Randomizes half of a pause, so that agents that lost the same relay do not reconnect at the same moment.
 * @param unit a random number in [0, 1)
 */
export const withJitter = (ms: number, unit: number): number => ms / 2 + (ms / 2) * unit;
