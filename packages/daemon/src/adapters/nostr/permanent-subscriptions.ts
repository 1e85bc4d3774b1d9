import type { Clock, MonotonicMs } from '@ocmesh/shared/ambient';
import type { Subscription } from '../../core/ports/relay-network.ts';
import type { ReqSpec } from './req.ts';

const DM_SUBSCRIPTION = 'dm';

/** Our permanent subscriptions on one connection, and whether the one for messages works. */
export function createPermanentSubscriptions(deps: {
  readonly clock: Clock;
  readonly wanted: readonly Subscription[];
  /** Returns how many subscriptions the relay allows at the same time. */
  readonly allowed: () => number;
  readonly add: (spec: ReqSpec) => void;
  readonly onEvent: (event: unknown) => void;
  /** A subscription got its EOSE. */
  readonly onSubscribed: (name: string) => void;
}) {
  const { clock, wanted, allowed, add, onEvent, onSubscribed } = deps;
  let used: readonly Subscription[] = [];
  let carriesDms = false;
  let dmRefusal: { readonly reason: string; readonly at: MonotonicMs } | null = null;

  function subscribe({ name, filters }: Subscription): void {
    add({
      id: name,
      permanent: true,
      filters,
      onEvent,
      onEose() {
        if (name === DM_SUBSCRIPTION) {
          carriesDms = true;
          dmRefusal = null;
        }
        onSubscribed(name);
      },
      onEnd() {},
    });
  }

  return {
    open(): void {
      const dmFirst = [...wanted].sort(
        (a, b) => Number(b.name === DM_SUBSCRIPTION) - Number(a.name === DM_SUBSCRIPTION),
      );
      // One place stays free for queries.
      used = wanted.length < allowed() ? wanted : dmFirst.slice(0, Math.max(1, allowed() - 1));
      for (const subscription of used) subscribe(subscription);
    },
    onRefused(name: string, reason: string): void {
      if (name !== DM_SUBSCRIPTION) return;
      carriesDms = false;
      dmRefusal = { reason, at: clock.monotonic() };
    },
    count: () => used.length,
    carriesDms: () => carriesDms,
    /** Returns why and since when the relay refuses our messages; null if it does not. */
    dmRefusal: () => dmRefusal,
  };
}
