import type { Clock } from './clock.ts';

/** Most tokens at once, and how many come back a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface TokenBucket {
  /** Takes that many tokens (1 by default) if they are there. @returns whether they were */
  take(count?: number): boolean;
  has(count?: number): boolean;
  /** Takes tokens even if there are too few: the bucket is then in debt. @returns what is left, below 0 for a debt */
  spend(count: number): number;
  left(): number;
  /** Milliseconds until that many tokens (1 by default) are there; 0 if they are there now. */
  waitMs(count?: number): number;
}

/** Many small refills add up to a little less than one large one. */
const ROUNDING = 1e-6;

/** A rate limit that allows bursts. Counts by the monotonic clock. */
export function createTokenBucket(clock: Pick<Clock, 'monotonic'>, { burst, perSecond }: Rate): TokenBucket {
  let tokens = burst;
  let countedAt = clock.monotonic();

  function left(): number {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - countedAt) / 1000) * perSecond);
    countedAt = now;
    return tokens;
  }
  const has = (count = 1): boolean => left() >= count - ROUNDING;
  function spend(count: number): number {
    tokens = left() - count;
    return tokens;
  }

  return {
    take(count = 1) {
      if (!has(count)) return false;
      spend(count);
      return true;
    },
    has,
    spend,
    left,
    waitMs: (count = 1) => (has(count) ? 0 : Math.ceil(((count - tokens) * 1000) / perSecond)),
  };
}
