import type { Clock, ConfirmedMs, Log, MonotonicMs, UnixMs } from '@ocmesh/shared/ambient';
import type { Store, Tables } from '../ports/store.ts';
import { statusLimits } from './limits.ts';

const GAP_MS = statusLimits.clockJumpSeconds * 1000;
/** How often the time is stored. A crash loses what passed since then and since the last change of the store. */
const STORE_EVERY_MS = 600_000;
/** Starts whose dates are kept: times of earlier runs are shown with the date of the first one. */
const RUNS = 100;

/** From when on a run of the daemon counted, and how far the wall clock was ahead of it. */
type Run = [sinceMs: ConfirmedMs, wallAheadMs: number];

/** The clock of everything that expires or is deleted because of its age. */
export interface ConfirmedTime {
  now(): ConfirmedMs;
  /** Returns today's date by the last confirmation; null before the first one. */
  date(): UnixMs | null;
  /** Returns what the wall clock showed at this time, as far as we know. */
  toDate(confirmedMs: ConfirmedMs): UnixMs;
  /** Adds what passed unnoticed since the last confirmation, while the machine slept or was off. */
  confirm(realMs: UnixMs): void;
  /** The wall clock jumped: time passed unnoticed, or the clock was set. */
  onJump(): void;
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
  const stored = store.peek(({ meta, times }) => ({
    timeMs: lastTime(numberOf(meta.get('time_ms')), times),
    offsetMs: numberOf(meta.get('time_offset_ms')),
    gapAtMs: numberOf(meta.get('time_gap_at_ms')),
    runs: JSON.parse(meta.get('time_runs') ?? '[]') as Run[],
  }));
  const base: { ms: ConfirmedMs; readonly at: MonotonicMs } = {
    // Later than anything of the earlier run.
    ms: stored.timeMs === null ? clock.now() : stored.timeMs + 1,
    at: clock.monotonic(),
  };
  /** When this run began, and the earlier ones. Without them, the two clocks were the same. */
  let startedMs = base.ms;
  let runs = stored.runs.slice(-RUNS);
  /** Real time minus confirmed time; null before the first confirmation. */
  let offsetMs = stored.offsetMs;
  let lastConfirmedMs = base.ms;
  /** The first moment since the last confirmation after which time may be missing: a start, or a jump. */
  let gapAtMs: ConfirmedMs | null = stored.gapAtMs ?? base.ms;
  let storedMs: ConfirmedMs | null = stored.timeMs;
  let isAdding = false;

  // Whole milliseconds: the monotonic clock has fractions, the store takes none.
  const now = (): ConfirmedMs => Math.floor(base.ms + clock.monotonic() - base.at);

  const wallAheadMs = (): number => clock.now() - now();

  function write({ meta }: Tables): void {
    storedMs = now();
    meta.set('time_ms', String(storedMs));
    meta.set('time_gap_at_ms', gapAtMs === null ? '' : String(gapAtMs));
    meta.set('time_runs', JSON.stringify([...runs, [startedMs, wallAheadMs()]]));
    if (offsetMs !== null) meta.set('time_offset_ms', String(offsetMs));
  }

  const warn = (error: unknown): void => log.warn('the time could not be stored', { reason: String(error) });

  function save(): void {
    store.transaction(write).catch(warn);
  }

  /** The dates stay: what is moved ahead is as much closer to the wall clock. */
  function moveRuns(sinceMs: ConfirmedMs, byMs: number): void {
    runs = runs.map(([from, ahead]) => (from >= sinceMs ? [from + byMs, ahead - byMs] : [from, ahead]));
    if (startedMs >= sinceMs) startedMs += byMs;
  }

  /** Moves the time ahead, and with it the times of everything that is newer than the gap. */
  async function add(missingMs: number): Promise<void> {
    isAdding = true;
    let isAdded = false;
    const sinceMs = gapAtMs ?? lastConfirmedMs;
    try {
      await store.transaction((tables) => {
        tables.times.moveSince(sinceMs, missingMs);
        base.ms += missingMs;
        isAdded = true;
        moveRuns(sinceMs, missingMs);
        lastConfirmedMs = now();
        gapAtMs = null;
        write(tables);
      });
    } catch (error) {
      if (isAdded) {
        base.ms -= missingMs;
        moveRuns(sinceMs + missingMs, -missingMs);
      }
      warn(error);
    } finally {
      isAdding = false;
    }
  }

  // At once, also as the start's gap: what is stored from now on is dated by it.
  save();

  return {
    now,
    date: () => (offsetMs === null ? null : now() + offsetMs),
    toDate(confirmedMs) {
      if (confirmedMs >= startedMs) return confirmedMs + wallAheadMs();
      const [, aheadMs = 0] = runs.findLast(([sinceMs]) => sinceMs <= confirmedMs) ?? [];
      return confirmedMs + aheadMs;
    },
    confirm(realMs) {
      if (isAdding) return;
      const missingMs = offsetMs === null ? 0 : realMs - offsetMs - now();
      if (missingMs > GAP_MS) return void add(missingMs);
      const isFirst = offsetMs === null;
      offsetMs = realMs - now();
      lastConfirmedMs = now();
      gapAtMs = null;
      if (isFirst) save();
    },
    onJump() {
      gapAtMs ??= now();
      save();
    },
    save,
    saveIfDue() {
      if (storedMs === null || now() - storedMs >= STORE_EVERY_MS) save();
    },
  };
}

/** Returns the time of the latest change, if a crash came before that time was stored itself. */
const lastTime = (storedMs: ConfirmedMs | null, times: Tables['times']): ConfirmedMs | null =>
  storedMs === null ? null : Math.max(storedMs, times.newest(storedMs + STORE_EVERY_MS) ?? 0);

const numberOf = (text: string | null): number | null => (text === null || text === '' ? null : Number(text));
