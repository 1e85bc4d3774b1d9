import type { Clock, UnixMs } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import type { NewMessage } from '../model/message.ts';
import type { PeerRecord } from '../model/peer.ts';
import type { Store, Tables } from '../ports/store.ts';

/** Holds a message until the owner decides. If another conversation uses its id, the message gets the id of its event. */
export function hold({ held }: Tables, message: NewMessage): void {
  const isTaken = (held.get(message.id)?.peer ?? message.peer) !== message.peer;
  held.put(isTaken ? { ...message, id: message.eventId } : message);
}

export interface HeldMessages {
  /** Moves this peer's held messages to the inbox. They take no more room there. */
  release(tables: Tables, peer: PeerRecord): DomainEvent[];
  /** Moves all held messages to the inbox, because the policy no longer asks the owner. */
  releaseAll(): Promise<void>;
}

/** Releases held messages of strangers into the inbox. */
export function createHeldMessages(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): HeldMessages {
  const { store, clock, emit } = deps;

  function release(tables: Tables, { pubkey }: PeerRecord): DomainEvent[] {
    const held = tables.held.of(pubkey);
    if (held.length === 0) return [];
    tables.held.removeOf(pubkey);
    const nowMs = clock.now();
    return held.flatMap((message) => receive(tables, message, nowMs));
  }

  return {
    release,
    async releaseAll() {
      const events = await store.transaction((tables) =>
        tables.held.peers().flatMap(({ peer: pubkey }) => {
          const peer = tables.peers.get(pubkey);
          return peer ? release(tables, peer) : [];
        }),
      );
      emit(events);
    },
  };
}

/** Stores a held message as if it had arrived now, so that callers who wait with a cursor do not miss it. */
function receive(tables: Tables, message: NewMessage, nowMs: UnixMs): DomainEvent[] {
  const earlier = tables.messages.get(message.id);
  const isCopy = earlier?.direction === 'in' && earlier.peer === message.peer;
  if (isCopy || tables.messages.findByEvent(message.eventId)) return [];
  const id = earlier ? message.eventId : message.id;
  const arrival = tables.messages.insert({ ...message, id, arrivedAtMs: nowMs });
  return [{ type: 'message.received', id, peer: message.peer, arrival }];
}
