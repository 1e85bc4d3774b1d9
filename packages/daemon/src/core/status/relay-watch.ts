import type { RelayState } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { presentRelay } from './present-relay.ts';

export interface RelayWatch {
  onState(url: string): void;
}

/**
 * Tells where a relay ended up. An attempt to connect is no news: without internet every relay makes one every few
 * seconds, and nothing else would be left among the events that are kept.
 */
export function createRelayWatch(deps: {
  readonly network: RelayNetwork;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): RelayWatch {
  const { network, emit } = deps;
  const told = new Map<string, RelayState>();

  return {
    onState(url) {
      const relays = network.relays();
      for (const known of told.keys()) if (!relays.some((one) => one.url === known)) told.delete(known);
      const relay = relays.find((one) => one.url === url);
      if (!relay || relay.state === 'connecting' || relay.state === told.get(url)) return;
      told.set(url, relay.state);
      emit([{ type: 'relay.state', relay: presentRelay(relay) }]);
    },
  };
}
