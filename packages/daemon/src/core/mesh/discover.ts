import { type Cancel, type Clock, every, type Log, toUnixSec } from '@ocmesh/shared/ambient';
import { type Filter, presenceFilters } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';

export interface DiscoverOptions {
  readonly intervalMs: number;
  readonly onlineWindowMs: number;
}

export interface Discovery {
  /** Filters of the permanent subscription, by which newcomers are found at once. */
  filters(): Filter[];
  /** The subscription for presences got its EOSE on this relay. */
  onSubscribed(url: string): void;
  onDisconnected(url: string): void;
  /** Whether a relay has answered our subscription or a scan since it connected. */
  isAnsweredBy(url: string): boolean;
  start(): void;
  stop(): void;
}

/** Scans each relay for presences at regular intervals, in addition to the subscription, which can die unnoticed. */
export function createDiscovery(
  deps: {
    readonly network: RelayNetwork;
    readonly clock: Clock;
    readonly log: Log;
    readonly ingest: (raw: unknown, url: string) => void;
  },
  options: DiscoverOptions,
): Discovery {
  const { network, clock, log, ingest } = deps;
  const answered = new Set<string>();
  let cancel: Cancel = () => {};

  const filters = (): Filter[] => presenceFilters(toUnixSec(clock.now() - options.onlineWindowMs));

  async function scan(url: string): Promise<void> {
    const { events, complete } = await network.query(url, filters());
    if (complete) answered.add(url);
    for (const event of events) ingest(event, url);
  }

  return {
    filters,
    onSubscribed: (url) => void answered.add(url),
    onDisconnected: (url) => void answered.delete(url),
    isAnsweredBy: (url) => answered.has(url),
    start() {
      cancel = every(clock, options.intervalMs, () => {
        for (const relay of network.relays()) {
          if (!relay.open || relay.role !== 'own') continue;
          // Repeated at each scan: people follow the log to see that the mesh is up.
          log.info(`relay connected to ${relay.url}`);
          void scan(relay.url);
        }
      });
    },
    stop: () => cancel(),
  };
}
