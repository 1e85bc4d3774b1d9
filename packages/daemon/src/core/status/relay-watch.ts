import type { RelayState } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';

export interface RelayWatch {
  /** Called when the state of this relay has changed. */
  onState(url: string): void;
}

/**
 * Emits `relay.state` when a relay reaches another state. An attempt to connect is not reported: without internet every
 * relay makes one every few seconds, and these would push all other events out of the ones that are kept.
 */
export function createRelayWatch(deps: {
  readonly network: RelayNetwork;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): RelayWatch {
  const { network, emit } = deps;
  const emitted = new Map<string, RelayState>();

  return {
    onState(url) {
      const relays = network.relays();
      for (const known of emitted.keys()) {
        if (!relays.some((relay) => relay.url === known)) emitted.delete(known);
      }
      const found = relays.find((relay) => relay.url === url);
      if (!found || found.state === 'connecting' || found.state === emitted.get(url)) return;
      emitted.set(url, found.state);
      const { info: _, ...relay } = found;
      emit([{ type: 'relay.state', relay }]);
    },
  };
}
