import type { Clock, MonotonicMs } from '@ocmesh/shared/ambient';
import { ownRelayLimits } from './limits.ts';

/** The last events that relays sent behind the EOSE of a query, as far as we look for them. Some send all of them there. */
export interface LateReturns {
  add(raw: unknown, url: string): void;
  /** Returns what this relay sent since then. */
  since(url: string, at: MonotonicMs): readonly unknown[];
}

export function createLateReturns(
  clock: Pick<Clock, 'monotonic'>,
  isMeant: (raw: unknown) => boolean,
): LateReturns {
  const returns: { readonly raw: unknown; readonly url: string; readonly at: MonotonicMs }[] = [];
  return {
    add(raw, url) {
      if (!isMeant(raw)) return;
      returns.push({ raw, url, at: clock.monotonic() });
      if (returns.length > ownRelayLimits.test.lateEvents) returns.shift();
    },
    since: (url, at) => returns.flatMap((one) => (one.url === url && one.at >= at ? one.raw : [])),
  };
}
