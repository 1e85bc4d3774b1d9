import { limits } from '@ocmesh/shared/contract';

/**
 * Pause before the next connection attempt, in milliseconds: doubling, with equal jitter that stays at the cap, so
 * that clients which lost the same relay do not come back in step.
 * @param failures attempts in a row that did not hold
 * @param alone no relay at all is connected: then it is worth asking more often
 * @param unit a random number in [0, 1)
 */
export function reconnectDelayMs(failures: number, alone: boolean, unit: number): number {
  const cap = alone ? limits.relayRetryAloneMaxMs : limits.relayRetryMaxMs;
  const ceiling = Math.min(cap, limits.relayRetryFirstMs * 2 ** Math.min(failures, 16));
  return ceiling / 2 + (unit * ceiling) / 2;
}
