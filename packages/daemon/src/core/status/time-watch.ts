import {
  type Cancel,
  type Clock,
  type ConfirmedMs,
  every,
  type Log,
  type MonotonicMs,
  minuteMs,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import { isLoopbackRelay } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { createConfirmedTime } from './confirmed-time.ts';
import { statusLimits } from './limits.ts';
import { medianOf } from './median.ts';

const TICK_MS = 10_000;
const JUMP_MS = statusLimits.clockJumpSeconds * 1000;
const OFF_MS = statusLimits.clockOffMinutes * minuteMs;

/** The same moment on both clocks. */
interface Moment {
  readonly wallMs: UnixMs;
  readonly monotonic: MonotonicMs;
}

export interface TimeWatch {
  /** Returns the time by which stored things expire and grow old. */
  confirmedNow(): ConfirmedMs;
  /** Returns the date by which messages end whose senders named one: never later than any clock says. */
  confirmedDate(): UnixMs;
  /** Returns the wall clock's date of a moment in confirmed time, for people and relays. */
  toDate(confirmedMs: ConfirmedMs): UnixMs;
  /** Returns the date to sign events with, and to judge those of others: that of the relays while our clock is wrong. */
  correctedNow(): UnixMs;
  /** Returns the relays' clocks minus `correctedNow`; 0 if no relay sent its time. */
  relayOffsetMs(): number;
  start(): void;
  /** A relay is connected: what expired while the machine was off must not be sent to it. */
  onConnected(): void;
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
  const { network, clock, log } = deps;
  const confirmed = createConfirmedTime(deps);
  let lastTick: Moment = { wallMs: clock.now(), monotonic: clock.monotonic() };
  let cancel: Cancel = () => {};

  const openRelays = () => network.relays().filter(({ role, open }) => role === 'own' && open);

  const offsetsMs = (): number[] => openRelays().flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []);

  /** Returns how wrong our clock is, if most relays say so within a few minutes of each other; else 0. */
  function correctionMs(): number {
    const offsets = offsetsMs();
    const median = medianOf(offsets);
    if (median === null || Math.abs(median) <= OFF_MS) return 0;
    const agreeing = offsets.filter((offset) => Math.abs(offset - median) <= OFF_MS).length;
    return 2 * agreeing > offsets.length ? Math.round(median) : 0;
  }

  function confirm(): void {
    // A relay on this machine has our clock, and would confirm any.
    const offset = medianOf(
      openRelays().flatMap(({ url, clockOffsetMs }) => (isLoopbackRelay(url) ? [] : (clockOffsetMs ?? []))),
    );
    if (offset !== null && Math.abs(offset) <= OFF_MS) confirmed.confirm(clock.now() + Math.round(offset));
  }

  function tick(): void {
    const wallMs = clock.now();
    const jumpMs = wallMs - lastTick.wallMs - (clock.monotonic() - lastTick.monotonic);
    lastTick = { wallMs, monotonic: clock.monotonic() };
    if (Math.abs(jumpMs) > JUMP_MS) {
      log.info('the machine slept, or its clock was set', { seconds: Math.round(jumpMs / 1000) });
      confirmed.onJump();
      deps.onJump();
      // The relays' clocks were compared with ours before the jump: they confirm nothing now.
      return;
    }
    confirm();
    confirmed.saveIfDue();
  }

  return {
    confirmedNow: confirmed.now,
    confirmedDate: () =>
      confirmed.date() ?? Math.min(confirmed.now(), clock.now(), clock.now() + correctionMs()),
    toDate: confirmed.toDate,
    correctedNow: () => clock.now() + correctionMs(),
    relayOffsetMs: () => (medianOf(offsetsMs()) ?? 0) - correctionMs(),
    start() {
      cancel = every(clock, TICK_MS, tick);
    },
    onConnected: tick,
    stop() {
      cancel();
      confirmed.save();
    },
  };
}
