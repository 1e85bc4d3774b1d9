import type { Clock } from '@ocmesh/shared/ambient';

/** The machine's clock, for doubles that act like separate programs. */
export const createRealClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
});
