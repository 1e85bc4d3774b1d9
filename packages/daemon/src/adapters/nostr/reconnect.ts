import {
  backoffMs,
  type Cancel,
  type Clock,
  type MonotonicMs,
  type Random,
  type UnixMs,
  withJitter,
} from '@ocmesh/shared/ambient';
import { nostrLimits } from './limits.ts';

const { firstMs, maxMs, aloneMaxMs } = nostrLimits.reconnect;

/**
 * Returns the pause before the next attempt to connect.
 * @param alone no other relay of our own is connected
 * @param unit a random number in [0, 1)
 */
export const reconnectDelayMs = (failures: number, alone: boolean, unit: number): number =>
  withJitter(backoffMs({ firstMs, maxMs: alone ? aloneMaxMs : maxMs }, failures), unit);

/** A long pause for a relay that refused us or misbehaved. */
export interface Backoff {
  readonly ms: number;
  /** The relay asked for it: it holds even if no other relay is connected. */
  readonly firm: boolean;
}

/** Decides when to connect to one relay again. */
export interface Reconnect {
  /**
   * The attempt failed or the connection was lost: schedules the next attempt, after growing pauses.
   * @param isAlone keeps them short, as while no other relay of our own is connected
   */
  retry(atLeastMs?: number, isAlone?: boolean): void;
  /** Schedules the next attempt after a back-off. */
  backOff(backoff: Backoff): void;
  /** The last connection was stable: the pauses start over. */
  reset(): void;
  /** No relay of our own is connected any more: shortens the pause, unless it is a firm back-off. */
  retrySoon(): void;
  /** Connects now, unless the relay is in a back-off. */
  retryNow(): void;
  /** Returns the end of the back-off; null if there is none. */
  backoffUntil(): UnixMs | null;
  stop(): void;
}

interface Pending {
  readonly dueAt: MonotonicMs;
  readonly kind: 'retry' | 'back-off' | 'firm back-off';
}

export function createReconnect(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly connect: () => void;
  /** Returns whether another relay of our own is connected. */
  readonly othersOpen: () => boolean;
}): Reconnect {
  const { clock, random, connect, othersOpen } = deps;
  let failures = 0;
  let pending: Pending | null = null;
  let cancel: Cancel = () => {};

  function schedule(kind: Pending['kind'], delayMs: number): void {
    cancel();
    pending = { kind, dueAt: clock.monotonic() + delayMs };
    cancel = clock.after(delayMs, () => {
      pending = null;
      connect();
    });
  }

  /** Back-off while no other relay is connected: this one is no worse than an unreachable one, and there is no better. */
  const aloneBackoffMs = (): number => reconnectDelayMs(Number.POSITIVE_INFINITY, false, random.unit());

  return {
    retry(atLeastMs = 0, isAlone = !othersOpen()) {
      const delayMs = reconnectDelayMs(failures++, isAlone, random.unit());
      schedule('retry', Math.max(delayMs, atLeastMs));
    },
    backOff({ ms, firm }) {
      failures++;
      const jitteredMs = ms * (1 + random.unit() / 10);
      if (firm) return schedule('firm back-off', jitteredMs);
      schedule('back-off', othersOpen() ? jitteredMs : Math.min(jitteredMs, aloneBackoffMs()));
    },
    reset() {
      failures = 0;
    },
    retrySoon() {
      if (!pending || pending.kind === 'firm back-off') return;
      const soonMs =
        pending.kind === 'back-off' ? aloneBackoffMs() : reconnectDelayMs(failures, true, random.unit());
      if (pending.dueAt - clock.monotonic() > soonMs) schedule(pending.kind, soonMs);
    },
    retryNow() {
      failures = 0;
      if (pending?.kind !== 'retry') return;
      cancel();
      pending = null;
      connect();
    },
    backoffUntil: () =>
      pending === null || pending.kind === 'retry'
        ? null
        : clock.now() + Math.round(pending.dueAt - clock.monotonic()),
    stop() {
      cancel();
      pending = null;
    },
  };
}
