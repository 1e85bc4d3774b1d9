import type { Clock } from '@ocmesh/shared/ambient';
import type { VirtualClock } from './virtual-clock.ts';

/** What every simulation begins with. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

/** The clock of one machine: it drifts, and its wall time can be set. */
export interface MachineClock {
  /** Returns the clock as one run of a process sees it: once that ended, no timer runs. */
  forProcess(): Clock & { end(): void };
  /** Sets the wall clock ahead or back, as a person or NTP does. */
  step(ms: number): void;
  /** Returns how far the wall clock is ahead of the true time. */
  offsetMs(): number;
  now(): number;
}

/** @param drift seconds gained per second */
export function createMachineClock(virtual: VirtualClock, drift = 0): MachineClock {
  let steppedMs = 0;
  const local = (): number => virtual.now() * (1 + drift);
  const now = (): number => Math.floor(EPOCH_MS + local() + steppedMs);
  return {
    now,
    step(ms) {
      steppedMs += ms;
    },
    offsetMs: () => now() - EPOCH_MS - virtual.now(),
    forProcess() {
      const startedMs = local();
      let isOver = false;
      return {
        now,
        monotonic: () => local() - startedMs,
        after(delayMs, run) {
          const dueMs = virtual.now() + Math.max(0, Math.ceil(delayMs)) / (1 + drift);
          return virtual.at(dueMs, () => {
            if (!isOver) run();
          });
        },
        end() {
          isOver = true;
        },
      };
    },
  };
}
