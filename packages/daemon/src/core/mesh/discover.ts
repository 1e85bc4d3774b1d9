import { type Cancel, type Clock, every, type Log, toUnixSec } from '@ocmesh/shared/ambient';
import { type Filter, presenceFilters } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';

export interface DiscoverOptions {
  readonly intervalMs: number;
  readonly onlineWindowMs: number;
}

export interface Discovery {
  /** Of the permanent subscription: it finds newcomers as they come. */
  filters(): Filter[];
  start(): void;
  stop(): void;
}

/** Beside the live subscription, asks each relay again from time to time: a subscription can die unnoticed. */
export function createDiscovery(
  deps: { network: RelayNetwork; clock: Clock; log: Log; ingest: (raw: unknown, url: string) => void },
  options: DiscoverOptions,
): Discovery {
  const { network, clock, log, ingest } = deps;
  let cancel: Cancel = () => {};

  const filters = (): Filter[] => presenceFilters(toUnixSec(clock.now() - options.onlineWindowMs));

  async function scan(url: string): Promise<void> {
    const { events } = await network.query(url, filters());
    for (const event of events) ingest(event, url);
  }

  return {
    filters,
    start() {
      cancel = every(clock, options.intervalMs, () => {
        for (const relay of network.relays()) {
          if (!relay.open || relay.role !== 'own') continue;
          // Said again at each scan: people follow the log to see that the mesh is up.
          log.info(`relay connected to ${relay.url}`);
          void scan(relay.url);
        }
      });
    },
    stop: () => cancel(),
  };
}
