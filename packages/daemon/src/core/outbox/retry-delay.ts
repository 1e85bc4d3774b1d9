const FIRST_MS = 2_000;
const MAX_MS = 600_000;

/**
 * Pause before the next attempt, in whole milliseconds: doubling from 2 s to 10 min, equal jitter, also at the cap,
 * so that agents which lost the same relay do not come back in step.
 * @param attempts attempts made so far, at least 1
 * @param unit a random number in [0, 1)
 */
export function retryDelayMs(attempts: number, unit: number): number {
  const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 16));
  return Math.round(ceiling / 2 + (unit * ceiling) / 2);
}
