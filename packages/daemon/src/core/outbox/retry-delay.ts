import { backoffMs, withJitter } from '@ocmesh/shared/ambient';

const range = { firstMs: 2_000, maxMs: 600_000 };

/**
 * Returns the pause before the next attempt: doubling from 2 s to 10 min, half of it random. In whole milliseconds,
 * because the time of the next attempt is shown and stored.
 * @param attempts attempts made so far, at least 1
 * @param unit a random number in [0, 1)
 */
export const retryDelayMs = (attempts: number, unit: number): number =>
  Math.round(withJitter(backoffMs(range, attempts - 1), unit));
