import type { Cancel, Clock, UnixMs } from '@ocmesh/shared/ambient';

/** Distance of the ticks on which timers with enough slack run: an idle daemon wakes up for all of them together. */
const TICK_MS = 2_000;

/** The system's time. This file and `random.ts` are the only ones that use ambient time and randomness. */
export function createSystemClock(): Clock {
  const shareTick = createTicks();
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(delayMs, run, slackMs = 0) {
      // A timer of 0 ms takes 1 ms, which is long for a caller that only wants to yield to others.
      if (delayMs <= 0) {
        const immediate = setImmediate(run);
        return () => clearImmediate(immediate);
      }
      if (slackMs >= TICK_MS) return shareTick(delayMs, run);
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

interface Tick {
  readonly timer: NodeJS.Timeout;
  readonly runs: Set<() => void>;
}

/** Returns a function that calls `run` on the first tick after `delayMs`. Each tick is one timer. */
function createTicks(): (delayMs: number, run: () => void) => Cancel {
  const ticks = new Map<number, Tick>();

  function tickAt(number: number): Tick {
    const known = ticks.get(number);
    if (known) return known;
    const runs: Tick['runs'] = new Set();
    const onTick = (): void => {
      ticks.delete(number);
      for (const run of runs) run();
    };
    const tick = { timer: setTimeout(onTick, number * TICK_MS - performance.now()), runs };
    ticks.set(number, tick);
    return tick;
  }

  return (delayMs, run) => {
    // Real timers fire up to 1 ms early.
    const number = Math.ceil((performance.now() + delayMs - 1) / TICK_MS);
    const { runs, timer } = tickAt(number);
    // The same function may be passed twice.
    const once = (): void => run();
    runs.add(once);
    return () => {
      runs.delete(once);
      if (runs.size > 0 || ticks.get(number)?.runs !== runs) return;
      clearTimeout(timer);
      ticks.delete(number);
    };
  };
}

/** Returns the minute of the day that a clock on the wall shows at this time. */
export function localMinuteOfDay(ms: UnixMs): number {
  const date = new Date(ms);
  return date.getHours() * 60 + date.getMinutes();
}
