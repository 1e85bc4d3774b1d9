import type { Cancel, Clock, MonotonicMs, Random, UnixMs } from '@ocmesh/shared/ambient';
import { purposes } from '../model/outbox.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { type AttemptResult, type Entry, isRepeat } from './entry.ts';
import { outboxLimits } from './limits.ts';
import { retryDelayMs } from './retry-delay.ts';

/** Pause after an attempt on a relay that seemed connected and was not. Its next connection ends the pause. */
const NOT_CONNECTED_MS = 1_000;

/** Queues of a lane, the most urgent first. A repeat can wait: it is for the case that something got lost. */
const queues = [...purposes, 'repeat'] as const;
type Queue = (typeof queues)[number];

/** Events on their way to one relay. */
export interface Lane {
  add(entry: Entry): void;
  /** Sends everything that waits, including entries in their retry delay. */
  onConnected(): void;
  /** Pauses sending for `ms`. */
  backOff(ms: number): void;
  isEmpty(): boolean;
  isInFlight(entry: Entry): boolean;
  /** Returns when the entry is tried next; null while it waits for a connection or an outcome. */
  nextAttemptAtMs(entry: Entry): UnixMs | null;
  /** Stops taking up work and waits for what is in flight. */
  stop(): Promise<void>;
}

/**
 * A queue for one relay with its own pace and retries: the most urgent purpose first, and in order within a purpose.
 * A slow or unreachable relay delays only its own lane.
 */
export function createLane(
  url: string,
  deps: {
    readonly clock: Clock;
    readonly random: Random;
    readonly budget: WriteBudget;
    readonly isOpen: () => boolean;
    readonly attempt: (entry: Entry) => Promise<AttemptResult>;
  },
): Lane {
  const { clock, random, budget } = deps;
  const ready: Record<Queue, Entry[]> = {
    message: [],
    owner: [],
    receipt: [],
    reply: [],
    hello: [],
    repeat: [],
  };
  const waiting = new Map<Entry, { cancel: Cancel; atMs: UnixMs }>();
  const attempts = new Map<Entry, number>();
  const inFlight = new Map<Entry, Promise<void>>();
  /** Queue length at which entries that ended elsewhere are removed. */
  let sweepAt = 64;
  let window: number = outboxLimits.inFlight;
  let cancelPause: Cancel | null = null;
  let backoffUntil: MonotonicMs = 0;
  let stopped = false;

  const isPending = (entry: Entry): boolean => entry.pending.has(url);

  const queueOf = (entry: Entry): Queue => (isRepeat(entry, url) ? 'repeat' : entry.purpose);

  function add(entry: Entry): void {
    const queue = queueOf(entry);
    if (ready[queue].push(entry) >= sweepAt) sweep(queue);
    run();
  }

  function sweep(queue: Queue): void {
    ready[queue] = ready[queue].filter(isPending);
    sweepAt = Math.max(64, 2 * ready[queue].length);
  }

  function run(): void {
    while (!stopped && inFlight.size < window && deps.isOpen()) {
      const queue = queues.map((each) => ready[each]).find((each) => each.length > 0);
      if (!queue) return;
      const waitMs = Math.max(budget.waitMs(url), backoffUntil - clock.monotonic());
      if (waitMs > 0) return pause(waitMs);
      const entry = queue.shift() as Entry;
      // A receipt, its expiry, or another relay's OK may have ended it meanwhile.
      if (!isPending(entry)) {
        attempts.delete(entry);
        continue;
      }
      budget.spend(url);
      inFlight.set(entry, attempt(entry));
    }
  }

  function pause(waitMs: number): void {
    if (stopped) return;
    cancelPause ??= clock.after(waitMs, () => {
      cancelPause = null;
      run();
    });
  }

  async function attempt(entry: Entry): Promise<void> {
    const result = await deps.attempt(entry);
    inFlight.delete(entry);
    if (result === 'silent') window = Math.max(1, window >> 1);
    else if (result !== 'not_connected') window = outboxLimits.inFlight;
    if (result === 'done' || !isPending(entry)) attempts.delete(entry);
    else if (result === 'not_connected' || result === 'again') ready[queueOf(entry)].unshift(entry);
    else retry(entry);
    // A closing socket accepts nothing and still counts as open: retrying at once would never let it close.
    if (result === 'not_connected') pause(NOT_CONNECTED_MS);
    else run();
  }

  function retry(entry: Entry): void {
    if (stopped) return;
    const count = (attempts.get(entry) ?? 0) + 1;
    attempts.set(entry, count);
    const delayMs = retryDelayMs(count, random.unit());
    const cancel = clock.after(delayMs, () => {
      waiting.delete(entry);
      add(entry);
    });
    waiting.set(entry, { cancel, atMs: clock.now() + delayMs });
  }

  return {
    add,
    onConnected() {
      cancelPause?.();
      cancelPause = null;
      window = outboxLimits.inFlight;
      // Back into the order of arrival, from which a retry was taken.
      const back = [...waiting];
      waiting.clear();
      for (const [entry, { cancel }] of back.reverse()) {
        cancel();
        ready[queueOf(entry)].unshift(entry);
      }
      run();
    },
    backOff(ms) {
      backoffUntil = clock.monotonic() + ms;
    },
    isEmpty: () =>
      waiting.size === 0 && inFlight.size === 0 && queues.every((each) => !ready[each].some(isPending)),
    isInFlight: (entry) => inFlight.has(entry),
    nextAttemptAtMs(entry) {
      const retryAtMs = waiting.get(entry)?.atMs;
      if (retryAtMs !== undefined) return retryAtMs;
      if (!isPending(entry) || inFlight.has(entry) || !deps.isOpen()) return null;
      return clock.now() + Math.max(budget.waitMs(url), backoffUntil - clock.monotonic(), 0);
    },
    async stop() {
      stopped = true;
      cancelPause?.();
      for (const { cancel } of waiting.values()) cancel();
      await Promise.all(inFlight.values());
    },
  };
}
