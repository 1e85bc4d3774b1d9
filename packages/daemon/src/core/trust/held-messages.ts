import type { Clock } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { PeerRecord } from '../model/peer.ts';
import type { Store, Tables } from '../ports/store.ts';
import { release } from './admission.ts';

export interface HeldMessages {
  /**
   * What this peer wrote comes in.
   * @throws OcmeshError `inbox_full`
   */
  admit(tables: Tables, peer: PeerRecord): DomainEvent[];
  /** Nobody has to be asked any more: everybody who waits comes in. */
  open(): Promise<void>;
}

/** Between the strangers whose messages are held and the inbox. */
export function createHeldMessages(deps: {
  readonly store: Store;
  readonly clock: Clock;
  /** Room for one more message? */
  readonly makeRoom: (tables: Tables) => boolean;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): HeldMessages {
  const { store, clock, makeRoom, emit } = deps;

  function admit(tables: Tables, peer: PeerRecord): DomainEvent[] {
    if (tables.held.of(peer.pubkey).length === 0) return [];
    if (!makeRoom(tables)) throw new OcmeshError('inbox_full');
    return release(tables, peer, clock.now());
  }

  return {
    admit,
    async open() {
      const events = await store.transaction((tables) =>
        tables.held.peers().flatMap(({ peer: pubkey }) => {
          const peer = tables.peers.get(pubkey);
          return peer ? admit(tables, peer) : [];
        }),
      );
      emit(events);
    },
  };
}
