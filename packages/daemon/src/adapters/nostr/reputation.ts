import type { Clock } from '@ocmesh/shared/ambient';
import type { Offence } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';

/** Points that an offence costs, out of `relayStandingPoints`. */
const costs = {
  forged: 10,
  frame_too_large: 20,
  garbage_frame: 2,
  // Honest software is known to send others' messages to live `#p` subscriptions.
  unasked: 0.1,
} as const satisfies Record<Offence | 'frame_too_large' | 'garbage_frame', number>;

/** What `unasked` leaves untouched: by itself it never makes a relay misbehave. */
const UNASKED_FLOOR = nostrLimits.reputation.points / 2;

export interface Reputation {
  /** @returns whether that used it up */
  penalize(offence: keyof typeof costs): boolean;
}

/** How far a relay is trusted to behave. Comes back with time. */
export function createReputation(clock: Clock): Reputation {
  let points: number = nostrLimits.reputation.points;
  let countedAt = clock.monotonic();

  return {
    penalize(offence) {
      const minutes = (clock.monotonic() - countedAt) / 60_000;
      countedAt = clock.monotonic();
      points = Math.min(nostrLimits.reputation.points, points + minutes * nostrLimits.reputation.perMinute);
      const least = offence === 'unasked' ? Math.min(points, UNASKED_FLOOR) : 0;
      points = Math.max(least, points - costs[offence]);
      return points <= 0 && offence !== 'unasked';
    },
  };
}
