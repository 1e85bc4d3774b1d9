import {
  type Cancel,
  type Clock,
  dayMs,
  every,
  type Log,
  minuteMs,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { statusLimits } from './limits.ts';
import { medianOf } from './median.ts';

const TICK_MS = 10_000;
/** The two clocks may part by that much between two ticks, on a busy machine. */
const JUMP_MS = 30_000;
/** How often the time is written down, so that the next start knows what it may believe. */
const REMEMBER_MS = 600_000;
/** A machine may be switched off for so long; what is more is a wrong clock until a relay says otherwise. */
const BELIEVED_OFF_MS = 60 * dayMs;
/** A clock that nobody contradicts for so long is believed. */
const BELIEVED_AFTER_MS = dayMs;

export interface TimeWatch {
  /**
   * The time for what cannot be undone: forgetting, giving up. A wall clock that jumped ahead does not hurry it on
   * until a relay confirms it; one that went back takes it along.
   */
  confirmedNow(): UnixMs;
  /** What the relays' clocks show more than ours; 0 where none names its time. */
  relayOffsetMs(): number;
  start(): void;
  stop(): void;
}

/** Notices that the machine slept or its clock was set: timers do not tell. */
export function createTimeWatch(deps: {
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly onJump: () => void;
}): TimeWatch {
  const { network, store, clock, log } = deps;
  const known = Number(store.peek((tables) => tables.meta.get('time_ms')) ?? Number.NaN);
  const startedMs = clock.now();
  /** The last time that was believed. */
  let believed = {
    wallMs: startedMs - known > BELIEVED_OFF_MS ? known : startedMs,
    monotonic: clock.monotonic(),
  };
  let ticked = { wallMs: startedMs, monotonic: clock.monotonic() };
  let doubtedSince: number | null = believed.wallMs === startedMs ? null : clock.monotonic();
  let rememberedMs = known;
  let cancel: Cancel = () => {};

  const since = (mark: { wallMs: UnixMs; monotonic: number }): UnixMs =>
    mark.wallMs + clock.monotonic() - mark.monotonic;

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
    const jumpMs = wallMs - since(ticked);
    ticked = { wallMs, monotonic: clock.monotonic() };
    if (Math.abs(jumpMs) > JUMP_MS) {
      log.info('the machine slept, or its clock was set', { seconds: Math.round(jumpMs / 1000) });
      doubtedSince ??= clock.monotonic();
      deps.onJump();
      // The relays' clocks were compared before the jump: their word is from then.
      return;
    }
    const isOld = doubtedSince !== null && clock.monotonic() - doubtedSince > BELIEVED_AFTER_MS;
    if (doubtedSince === null || wallMs <= since(believed) || isOld || isConfirmed()) {
      doubtedSince = null;
      believed = ticked;
      remember(wallMs);
    }
  }

  function remember(wallMs: UnixMs): void {
    if (Math.abs(wallMs - rememberedMs) < REMEMBER_MS) return;
    rememberedMs = wallMs;
    store
      .transaction((tables) => tables.meta.set('time_ms', String(wallMs)))
      .catch((error) => log.warn('the time could not be stored', { reason: String(error) }));
  }

  return {
    // Whole milliseconds: the monotonic clock knows fractions, the store does not.
    confirmedNow: () => Math.floor(Math.min(clock.now(), since(believed))),
    relayOffsetMs: () => offsetMs() ?? 0,
    start() {
      if (doubtedSince === null) remember(startedMs);
      cancel = every(clock, TICK_MS, tick);
    },
    stop: () => cancel(),
  };
}
