import type { Clock } from '@ocmesh/shared/ambient';

/** The real time. With `random.ts` the only file that touches the ambient ones. */
export const createSystemClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
});
