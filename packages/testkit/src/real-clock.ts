import type { Clock } from '@ocmesh/shared/ambient';

/** The time of the machine, for what plays a program of its own. */
export const createRealClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
});
