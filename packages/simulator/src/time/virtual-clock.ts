/** The one time of a simulation, in milliseconds since its start. Only timers move it. */
export interface VirtualClock {
  now(): number;
  /** Calls `run` at this time, or as soon as possible if it has passed. @returns a function that cancels it */
  at(dueMs: number, run: () => void): () => void;
  /** Runs everything that is due until then, in order, each after the work of the one before. */
  runUntil(ms: number): Promise<void>;
  /** Number of timers that ran. */
  steps(): number;
}

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  run: (() => void) | null;
}

export function createVirtualClock(): VirtualClock {
  let nowMs = 0;
  let order = 0;
  let steps = 0;
  /** A binary heap: the next timer is first. */
  const heap: Timer[] = [];

  const isBefore = (a: Timer, b: Timer): boolean =>
    a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

  function push(timer: Timer): void {
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  function pop(): Timer | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  return {
    now: () => nowMs,
    at(dueMs, run) {
      const timer: Timer = { dueMs: Math.max(dueMs, nowMs), order: order++, run };
      push(timer);
      return () => {
        timer.run = null;
      };
    },
    async runUntil(ms) {
      await settle();
      for (let next = heap[0]; next && next.dueMs <= ms; next = heap[0]) {
        pop();
        if (!next.run) continue;
        nowMs = next.dueMs;
        steps++;
        next.run();
        await settle();
      }
      nowMs = Math.max(nowMs, ms);
    },
    steps: () => steps,
  };
}

/** Waits for a turn of the event loop, which comes after all microtasks: promise chains of any length are done by then. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
