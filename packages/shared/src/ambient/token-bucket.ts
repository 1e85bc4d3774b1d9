import type { Clock } from './clock.ts';

/** Maximum number of tokens, and how many are refilled per second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface TokenBucket {
  /** Takes `count` tokens (default: 1) if there are enough. Returns whether there were. */
  take(count?: number): boolean;
  has(count?: number): boolean;
  /** Takes tokens even if there are too few. Returns how many are left; negative for a debt. */
  spend(count: number): number;
  left(): number;
  /** Milliseconds until there are `count` tokens (default: 1); 0 if there are enough now. */
  waitMs(count?: number): number;
}

/** Many small refills add up to slightly less than one large refill. */
const ROUNDING = 1e-6;

/** Creates a rate limit that allows bursts. Uses the monotonic clock. */
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
