import { type Clock, createTokenBucket } from '@ocmesh/shared/ambient';
import type { Offence } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';

/**
 * Points that an offence costs, out of `nostrLimits.reputation.points`. Only what the relay itself did wrong is one: it has
 * to check signatures and shapes (NIP-01), but may carry events that are too large for us.
 */
const costs = {
  forged: 10,
  garbage_frame: 2,
  // Honest relays are known to send others' messages to live `#p` subscriptions.
  unasked: 0.1,
} as const satisfies Record<Offence | 'garbage_frame', number>;

/** Points that `unasked` cannot take: on its own it never uses up the reputation. */
const UNASKED_FLOOR = nostrLimits.reputation.points / 2;

export interface Reputation {
  /** @returns whether the reputation is now used up */
  penalize(offence: keyof typeof costs): boolean;
}

/** How well one relay behaves: it loses points by offences and regains them with time. */
export function createReputation(clock: Clock): Reputation {
  const points = createTokenBucket(clock, {
    burst: nostrLimits.reputation.points,
    perSecond: nostrLimits.reputation.perMinute / 60,
  });

  return {
    penalize(offence) {
      const floor = offence === 'unasked' ? UNASKED_FLOOR : 0;
      const left = points.spend(Math.min(costs[offence], Math.max(0, points.left() - floor)));
      return left <= 0 && offence !== 'unasked';
    },
  };
}
