import type { Cancel, Clock, Random, UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Purpose, purposes } from '../model/outbox.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { outboxLimits } from './limits.ts';
import { retryDelayMs } from './retry-delay.ts';

/** One event on its way to several relays. */
export interface Entry {
  /** Of the event; another one after it was signed anew. */
  id: string;
  readonly peer: Pubkey;
  readonly purpose: Purpose;
  readonly expiresAtMs: UnixMs;
  /** Relays that have not given their last word. */
  readonly pending: Set<string>;
  /** Relays that were not asked because they refuse everything; asked all the same where no other takes it. */
  readonly spared: Set<string>;
  sparesNone: boolean;
  /** Attempts under way. */
  inFlight: number;
  /** How often it was signed anew. */
  resigned: number;
  /** While it is being signed anew. */
  resigning: Promise<boolean> | null;
}

/** What an attempt on one relay came to. */
export type Next =
  /** Nothing more to do here. */
  | 'done'
  /** Again after a while. */
  | 'retry'
  /** Again at once: it is another event now. */
  | 'again'
  /** The relay did not answer: again after a while, and less at a time. */
  | 'silent'
  /** The relay is not there: again when it is. */
  | 'offline';

/** Pause after a relay that seemed to be there was not; its next connection ends it. */
const OFFLINE_MS = 1_000;

export interface Lane {
  add(entry: Entry): void;
  /** The relay is connected: everything that waits goes at once. */
  open(): void;
  /** Something may have changed that held entries back. */
  wake(): void;
  /** Nothing is sent for so long. */
  rest(ms: number): void;
  isEmpty(): boolean;
  /** When this entry is tried next; null when it waits for the relay or is under way. */
  nextAttemptAtMs(entry: Entry): UnixMs | null;
  /** Stops taking up work and waits for what is in flight. */
  stop(): Promise<void>;
}

/**
 * What waits for one relay: the most urgent first, within a purpose in its order. A relay that is slow or gone holds
 * up nothing but its own lane.
 */
export function createLane(
  url: string,
  deps: {
    readonly clock: Clock;
    readonly random: Random;
    readonly budget: WriteBudget;
    readonly isOpen: () => boolean;
    readonly attempt: (entry: Entry) => Promise<Next>;
  },
): Lane {
  const { clock, random, budget } = deps;
  const ready: Record<Purpose, Entry[]> = { message: [], receipt: [], reply: [], hello: [] };
  const waiting = new Map<Entry, { cancel: Cancel; atMs: UnixMs }>();
  const attempts = new Map<Entry, number>();
  const inFlight = new Map<Entry, Promise<void>>();
  /** How long a queue may get before what was settled elsewhere is taken out. */
  let sweepAt = 64;
  let window: number = outboxLimits.inFlight;
  let cancelPause: Cancel | null = null;
  let backoffUntil = 0;
  let stopped = false;

  const holds = (entry: Entry): boolean => entry.pending.has(url);

  function add(entry: Entry): void {
    if (ready[entry.purpose].push(entry) >= sweepAt) sweep(entry.purpose);
    run();
  }

  function sweep(purpose: Purpose): void {
    ready[purpose] = ready[purpose].filter(holds);
    sweepAt = Math.max(64, 2 * ready[purpose].length);
  }

  function run(): void {
    while (!stopped && inFlight.size < window && deps.isOpen()) {
      const queue = purposes.map((purpose) => ready[purpose]).find((each) => each.length > 0);
      if (!queue) return;
      const waitMs = Math.max(budget.waitMs(url), backoffUntil - clock.monotonic());
      if (waitMs > 0) return pause(waitMs);
      const entry = queue.shift() as Entry;
      // A receipt, the end of its time, or another relay's answer may have settled it meanwhile.
      if (!holds(entry)) {
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
    const next = await deps.attempt(entry);
    inFlight.delete(entry);
    window =
      next === 'silent' ? Math.max(1, window >> 1) : next === 'offline' ? window : outboxLimits.inFlight;
    if (next === 'done' || !holds(entry)) attempts.delete(entry);
    else if (next === 'offline' || next === 'again') ready[entry.purpose].unshift(entry);
    else retry(entry);
    // A socket that is closing takes nothing and is not gone yet: asked at once, it would never get to close.
    if (next === 'offline') pause(OFFLINE_MS);
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
    open() {
      cancelPause?.();
      cancelPause = null;
      window = outboxLimits.inFlight;
      // Into the order in which they came: a retry was taken out of it.
      const back = [...waiting];
      waiting.clear();
      for (const [entry, { cancel }] of back.reverse()) {
        cancel();
        ready[entry.purpose].unshift(entry);
      }
      run();
    },
    wake: run,
    rest(ms) {
      backoffUntil = clock.monotonic() + ms;
    },
    isEmpty: () =>
      waiting.size === 0 && inFlight.size === 0 && purposes.every((purpose) => !ready[purpose].some(holds)),
    nextAttemptAtMs(entry) {
      const retryAtMs = waiting.get(entry)?.atMs;
      if (retryAtMs !== undefined) return retryAtMs;
      if (!holds(entry) || inFlight.has(entry) || !deps.isOpen()) return null;
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
