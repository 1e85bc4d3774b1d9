import type { Clock, UnixMs } from '@ocmesh/shared/ambient';

/** The system's time. This file and `random.ts` are the only ones that use ambient time and randomness. */
export const createSystemClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    // A timer of 0 ms takes 1 ms, which is long for a caller that only wants to yield to others.
    if (delayMs <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
});

/** Returns the minute of the day that a clock on the wall shows at this time. */
export function localMinuteOfDay(ms: UnixMs): number {
  const date = new Date(ms);
  return date.getHours() * 60 + date.getMinutes();
}
