import { type Clock, createTokenBucket, dayMs } from '@ocmesh/shared/ambient';
import { nostrLimits } from './limits.ts';

/** What one relay may send in frames that are larger than we read, over all its connections. */
export interface Oversized {
  /** Counts such bytes. @returns false if the relay sent too many */
  spend(bytes: number): boolean;
  /** Whether the relay may be asked for stored events, which may be that large. */
  mayQuery(): boolean;
}

export function createOversized(clock: Clock): Oversized {
  const burst = nostrLimits.inbound.oversizedBytesPerDay;
  const bytes = createTokenBucket(clock, { burst, perSecond: (burst * 1000) / dayMs });
  return {
    spend: (count) => bytes.spend(count) > 0,
    mayQuery: () => bytes.left() > burst / 2,
  };
}
