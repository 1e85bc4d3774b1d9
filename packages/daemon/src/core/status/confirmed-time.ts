import type { Clock, ConfirmedMs, Log, MonotonicMs, UnixMs } from '@ocmesh/shared/ambient';
import type { Store, Tables } from '../ports/store.ts';
import { statusLimits } from './limits.ts';

const GAP_MS = statusLimits.clockJumpSeconds * 1000;
/** How often the time is stored. A crash loses what passed since then, until the next confirmation. */
const STORE_EVERY_MS = 600_000;

/** The clock of everything that expires or is deleted because of its age. */
export interface ConfirmedTime {
  now(): ConfirmedMs;
  /** Adds what passed unnoticed since the last confirmation, while the machine slept or was off. */
  confirm(realMs: UnixMs): void;
  /** Stores the time for the next start. */
  save(): void;
  saveIfDue(): void;
}

/**
 * Continues the stored time with the monotonic clock: no jump of the wall clock moves it. A new home begins with the wall
 * clock's time.
 */
export function createConfirmedTime(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}): ConfirmedTime {
  const { store, clock, log } = deps;
  const stored = store.peek(({ meta }) => ({
    timeMs: numberOf(meta.get('time_ms')),
    offsetMs: numberOf(meta.get('time_offset_ms')),
    confirmedMs: numberOf(meta.get('time_confirmed_ms')),
  }));
  const base: { ms: ConfirmedMs; readonly at: MonotonicMs } = {
    ms: stored.timeMs ?? clock.now(),
    at: clock.monotonic(),
  };
  /** Real time minus confirmed time; null before the first confirmation. */
  let offsetMs = stored.offsetMs;
  let lastConfirmedMs = stored.confirmedMs ?? base.ms;
  let storedMs: ConfirmedMs | null = stored.timeMs;
  let isAdding = false;

  // Whole milliseconds: the monotonic clock has fractions, the store takes none.
  const now = (): ConfirmedMs => Math.floor(base.ms + clock.monotonic() - base.at);

  function write({ meta }: Tables): void {
    storedMs = now();
    meta.set('time_ms', String(storedMs));
    meta.set('time_confirmed_ms', String(lastConfirmedMs));
    if (offsetMs !== null) meta.set('time_offset_ms', String(offsetMs));
  }

  const warn = (error: unknown): void =>
    log.warn('the time could not be stored', { reason: String(error) });

  function save(): void {
    store.transaction(write).catch(warn);
  }

  /** Moves the time ahead, together with everything that is newer than the gap. */
  async function add(gapMs: number): Promise<void> {
    isAdding = true;
    let isAdded = false;
    try {
      await store.transaction((tables) => {
        tables.times.moveSince(lastConfirmedMs, gapMs);
        base.ms += gapMs;
        isAdded = true;
        lastConfirmedMs = now();
        write(tables);
      });
    } catch (error) {
      if (isAdded) base.ms -= gapMs;
      warn(error);
    } finally {
      isAdding = false;
    }
  }

  // At once: what is stored from now on is dated by it.
  if (stored.timeMs === null) save();

  return {
    now,
    confirm(realMs) {
      if (isAdding) return;
      const gapMs = offsetMs === null ? 0 : realMs - offsetMs - now();
      if (gapMs > GAP_MS) return void add(gapMs);
      const isFirst = offsetMs === null;
      offsetMs = realMs - now();
      lastConfirmedMs = now();
      if (isFirst) save();
    },
    save,
    saveIfDue() {
      if (storedMs === null || now() - storedMs >= STORE_EVERY_MS) save();
    },
  };
}

const numberOf = (text: string | null): number | null => (text === null ? null : Number(text));
