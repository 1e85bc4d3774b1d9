import { type Clock, type MonotonicMs, minuteMs } from '@ocmesh/shared/ambient';
import { nostrLimits } from './limits.ts';

/** Signatures for NIP-42 that one relay may still get. It survives the connection: reconnecting earns a relay none. */
export interface AuthRation {
  /** Milliseconds until the next signature is allowed; 0 if it is now. */
  waitMs(): number;
  /** Counts a signature. */
  spend(): void;
}

export function createAuthRation(clock: Clock): AuthRation {
  /** Times of the signatures within the last minute, oldest first. */
  let signedAt: MonotonicMs[] = [];

  return {
    waitMs() {
      const now = clock.monotonic();
      signedAt = signedAt.filter((at) => now - at < minuteMs);
      const [first] = signedAt;
      return first === undefined || signedAt.length < nostrLimits.authsPerMinute ? 0 : first + minuteMs - now;
    },
    spend() {
      signedAt.push(clock.monotonic());
    },
  };
}
