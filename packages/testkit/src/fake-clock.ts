import type { Clock } from '@ocmesh/shared/ambient';

export interface FakeClock extends Clock {
  /** Lets time pass: runs every timer that is due, in order, each after the work of the previous one. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock by `ms`, which may be negative, as after a suspend or by NTP. No timer runs, `monotonic()` stays. */
  jump(ms: number): void;
  /** Returns the number of timers that have not run yet: zero after a clean stop. */
  pending(): number;
}

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** A clock that only the test moves. */
export function createFakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let wallMs = startMs;
  let monotonicMs = 0;
  const timers = new Set<Timer>();

  function nextDue(untilMs: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of timers) {
      // Strictly earlier: timers due at the same time run in the order they were set, as real ones do.
      if (timer.dueMs <= untilMs && (!next || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }

  function moveTo(ms: number): void {
    wallMs += ms - monotonicMs;
    monotonicMs = ms;
  }

  async function advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError('time only goes forward: use jump() for the wall clock');
    const untilMs = monotonicMs + ms;
    await settle();
    for (let timer = nextDue(untilMs); timer; timer = nextDue(untilMs)) {
      timers.delete(timer);
      moveTo(timer.dueMs);
      timer.run();
      await settle();
    }
    moveTo(untilMs);
  }

  return {
    now: () => wallMs,
    monotonic: () => monotonicMs,
    after(delayMs, run) {
      // Whole milliseconds, like real timers.
      const timer = { dueMs: monotonicMs + Math.max(0, Math.ceil(delayMs)), run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance,
    jump(ms) {
      wallMs += ms;
    },
    pending: () => timers.size,
  };
}

/** Waits for a turn of the event loop, which comes after all microtasks: promise chains of any length are done by then. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
