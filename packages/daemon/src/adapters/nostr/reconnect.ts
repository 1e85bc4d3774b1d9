import type { Cancel, Clock, Random, UnixMs } from '@ocmesh/shared/ambient';
import { nostrLimits } from './limits.ts';

/**
 * Pause before the next connection attempt: doubled each time, half of it by chance, so that relays which fell
 * together do not all get their clients back in the same second.
 */
export function reconnectDelayMs(failures: number, alone: boolean, unit: number): number {
  const most = alone ? nostrLimits.reconnect.aloneMaxMs : nostrLimits.reconnect.maxMs;
  const delay = Math.min(most, nostrLimits.reconnect.firstMs * 2 ** failures);
  return delay / 2 + (delay / 2) * unit;
}

/** How long a relay is left alone. `firm`: because it asked for it, so it counts whatever becomes of the others. */
export interface Backoff {
  readonly ms: number;
  readonly firm: boolean;
}

/** When one relay is connected to again. */
export interface Reconnect {
  /** The connection did not come about, or broke. */
  retry(atLeastMs?: number): void;
  rest(rest: Backoff): void;
  /** The last connection was a good one: the pauses start over. */
  reset(): void;
  /** No relay is open any more: what waits is tried soon. */
  retrySoon(): void;
  /** Now, unless the relay is left alone. */
  hurry(): void;
  /** null while the relay is not left alone. */
  backoffUntil(): UnixMs | null;
  stop(): void;
}

export function createReconnect(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly connect: () => void;
  /** Whether another relay of our own is open. */
  readonly othersOpen: () => boolean;
}): Reconnect {
  const { clock, random, connect, othersOpen } = deps;
  let failures = 0;
  let pending: { readonly dueAt: number; readonly kind: 'retry' | 'rest' | 'firm rest' } | null = null;
  let cancel: Cancel = () => {};

  function schedule(kind: 'retry' | 'rest' | 'firm rest', delayMs: number): void {
    cancel();
    pending = { kind, dueAt: clock.monotonic() + delayMs };
    cancel = clock.after(delayMs, () => {
      pending = null;
      connect();
    });
  }

  /** Like a relay that cannot be reached: it is no worse, and there is no better one. */
  const whileAloneMs = (): number => reconnectDelayMs(Number.POSITIVE_INFINITY, false, random.unit());

  return {
    retry(atLeastMs = 0) {
      const delayMs = reconnectDelayMs(failures++, !othersOpen(), random.unit());
      schedule('retry', Math.max(delayMs, atLeastMs));
    },
    rest({ ms, firm }) {
      failures++;
      const jitteredMs = ms * (1 + random.unit() / 10);
      if (firm) return schedule('firm rest', jitteredMs);
      schedule('rest', othersOpen() ? jitteredMs : Math.min(jitteredMs, whileAloneMs()));
    },
    reset() {
      failures = 0;
    },
    retrySoon() {
      if (!pending || pending.kind === 'firm rest') return;
      const soonMs =
        pending.kind === 'rest' ? whileAloneMs() : reconnectDelayMs(failures, true, random.unit());
      if (pending.dueAt - clock.monotonic() > soonMs) schedule(pending.kind, soonMs);
    },
    hurry() {
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
