import type { Clock } from '@ocmesh/shared/ambient';

/** The real time. With `random.ts` the only file that touches the ambient ones. */
export const createSystemClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    // A timer of 0 ms takes 1 ms: much, for whoever only lets others have their turn.
    if (delayMs <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
});
