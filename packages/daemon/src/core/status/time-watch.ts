import {
  type Cancel,
  type Clock,
  dayMs,
  every,
  type Log,
  type MonotonicMs,
  minuteMs,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { statusLimits } from './limits.ts';
import { medianOf } from './median.ts';

const TICK_MS = 10_000;
/** Difference between the two clocks that counts as a jump. Less is normal between two ticks on a busy machine. */
const JUMP_MS = 30_000;
/** How often the time is stored, so that the next start can judge its clock. */
const STORE_EVERY_MS = 600_000;
/** The longest time that a machine is believed to have been off; more is a wrong clock until a relay confirms it. */
const MAX_OFF_MS = 60 * dayMs;
/** Time after which a doubted clock is trusted although no relay confirmed it. */
const TRUST_AFTER_MS = dayMs;

/** The same moment on both clocks. */
interface Moment {
  readonly wallMs: UnixMs;
  readonly monotonic: MonotonicMs;
}

export interface TimeWatch {
  /**
   * Returns the wall-clock time without forward jumps that no relay has confirmed. For decisions that cannot be undone:
   * deleting old data, giving up on a message. A wall clock that went back takes it along.
   */
  confirmedNow(): UnixMs;
  /** Returns the relays' clocks minus ours; 0 if no relay sent its time. */
  relayOffsetMs(): number;
  start(): void;
  stop(): void;
}

/** Notices that the machine slept or that its clock was set, which timers do not show. */
export function createTimeWatch(deps: {
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the wall clock and the monotonic clock have moved apart. */
  readonly onJump: () => void;
}): TimeWatch {
  const { network, store, clock, log } = deps;
  let storedMs = Number(store.peek((tables) => tables.meta.get('time_ms')) ?? Number.NaN);
  const startedMs = clock.now();
  let lastConfirmed: Moment = {
    wallMs: startedMs - storedMs > MAX_OFF_MS ? storedMs : startedMs,
    monotonic: clock.monotonic(),
  };
  let lastTick: Moment = { wallMs: startedMs, monotonic: clock.monotonic() };
  let doubtedSince: MonotonicMs | null = lastConfirmed.wallMs === startedMs ? null : clock.monotonic();
  let cancel: Cancel = () => {};

  /** Returns what the wall clock would show now if it had not jumped since then. */
  const continued = (from: Moment): UnixMs => from.wallMs + clock.monotonic() - from.monotonic;

  function offsetMs(): number | null {
    const offsets = network
      .relays()
      .filter(({ role, open }) => role === 'own' && open)
      .flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []);
    return medianOf(offsets);
  }

  function isConfirmed(): boolean {
    const offset = offsetMs();
    return offset !== null && Math.abs(offset) <= statusLimits.clockOffMinutes * minuteMs;
  }

  function tick(): void {
    const wallMs = clock.now();
    const jumpMs = wallMs - continued(lastTick);
    lastTick = { wallMs, monotonic: clock.monotonic() };
    if (Math.abs(jumpMs) > JUMP_MS) {
      log.info('the machine slept, or its clock was set', { seconds: Math.round(jumpMs / 1000) });
      doubtedSince ??= clock.monotonic();
      deps.onJump();
      // The relays' clocks were compared with ours before the jump: they confirm nothing now.
      return;
    }
    const isOld = doubtedSince !== null && clock.monotonic() - doubtedSince > TRUST_AFTER_MS;
    if (doubtedSince === null || wallMs <= continued(lastConfirmed) || isOld || isConfirmed()) {
      doubtedSince = null;
      lastConfirmed = lastTick;
      storeTime(wallMs);
    }
  }

  function storeTime(wallMs: UnixMs): void {
    if (Math.abs(wallMs - storedMs) < STORE_EVERY_MS) return;
    storedMs = wallMs;
    store
      .transaction((tables) => tables.meta.set('time_ms', String(wallMs)))
      .catch((error) => log.warn('the time could not be stored', { reason: String(error) }));
  }

  return {
    // Whole milliseconds: the monotonic clock has fractions, the store takes none.
    confirmedNow: () => Math.floor(Math.min(clock.now(), continued(lastConfirmed))),
    relayOffsetMs: () => offsetMs() ?? 0,
    start() {
      if (doubtedSince === null) storeTime(startedMs);
      cancel = every(clock, TICK_MS, tick);
    },
    stop: () => cancel(),
  };
}
