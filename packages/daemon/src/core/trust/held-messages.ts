import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import { hasEnded, type NewMessage } from '../model/message.ts';
import type { PeerRecord } from '../model/peer.ts';
import type { Store, Tables } from '../ports/store.ts';

/** Whether two messages with one id are the same; an id may be used twice, by one peer or two. */
export const isCopyOf = (
  held: Pick<NewMessage, 'peer' | 'content'>,
  { peer, content }: Pick<NewMessage, 'peer' | 'content'>,
): boolean => held.peer === peer && held.content === content;

/** Holds a message until the owner decides. If another message uses its id, it gets the id of its event. */
export function hold({ held }: Tables, message: NewMessage): void {
  const there = held.get(message.id);
  const isTaken = there !== null && !isCopyOf(there, message);
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
  readonly confirmedNow: () => ConfirmedMs;
  /** Returns the date by which messages end. */
  readonly confirmedDate: () => UnixMs;
  /** Stores an incoming message at its place in the conversation. */
  readonly insert: (tables: Tables, message: NewMessage) => { arrival: number };
  readonly emit: (events: readonly DomainEvent[]) => void;
}): HeldMessages {
  const { store, confirmedNow, insert, emit } = deps;

  function release(tables: Tables, { pubkey }: PeerRecord): DomainEvent[] {
    const held = tables.held.of(pubkey);
    if (held.length === 0) return [];
    tables.held.removeOf(pubkey);
    const nowMs = confirmedNow();
    const shown = held.filter((message) => !hasEnded(message, deps.confirmedDate()));
    return shown.flatMap((message) => receive(tables, message, nowMs));
  }

  /** Stores a held message as if it had arrived now, so that callers who wait with a cursor do not miss it. */
  function receive(tables: Tables, message: NewMessage, nowMs: ConfirmedMs): DomainEvent[] {
    const earlier = tables.messages.get(message.id);
    const isCopy = earlier?.direction === 'in' && isCopyOf(earlier, message);
    if (isCopy || tables.messages.headOf(message.eventId)) return [];
    const id = earlier ? message.eventId : message.id;
    const { arrival } = insert(tables, { ...message, id, arrivedAtMs: nowMs });
    return [{ type: 'message.received', id, peer: message.peer, arrival }];
  }

  return {
    release,
    async releaseAll() {
      const events = await store.transaction((tables) =>
        tables.held.peers(deps.confirmedDate()).flatMap(({ peer: pubkey }) => {
          const peer = tables.peers.get(pubkey);
          return peer ? release(tables, peer) : [];
        }),
      );
      emit(events);
    },
  };
}
