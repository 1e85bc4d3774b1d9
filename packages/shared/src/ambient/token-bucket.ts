import type { Clock } from './clock.ts';

/** How much at once, and how much more in each second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface TokenBucket {
  /** @returns whether there was one left; it is gone then */
  take(): boolean;
  has(): boolean;
  /** Milliseconds until there is one; 0 for now. */
  waitMs(): number;
}

/** What was earned in many small steps adds up to a little less than in one. */
const ROUNDING = 1e-6;

/** By the clock that never jumps. */
export function createTokenBucket(clock: Clock, { burst, perSecond }: Rate): TokenBucket {
  let tokens = burst;
  let countedAt = clock.monotonic();

  function count(): number {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - countedAt) / 1000) * perSecond);
    countedAt = now;
    return tokens;
  }
  const has = (): boolean => count() >= 1 - ROUNDING;

  return {
    take() {
      if (!has()) return false;
      tokens -= 1;
      return true;
    },
    has,
    waitMs: () => (has() ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond)),
  };
}
