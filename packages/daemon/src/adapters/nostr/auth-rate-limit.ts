import { type Clock, type MonotonicMs, minuteMs } from '@ocmesh/shared/ambient';
import { nostrLimits } from './limits.ts';

/**
 * Limits the NIP-42 signatures that one relay gets. It outlives the connection, so that reconnecting does not reset it.
 */
export interface AuthRateLimit {
  /** Milliseconds until the next signature is allowed; 0 if it is now. */
  waitMs(): number;
  /** Counts a signature. */
  spend(): void;
}

export function createAuthRateLimit(clock: Clock): AuthRateLimit {
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
