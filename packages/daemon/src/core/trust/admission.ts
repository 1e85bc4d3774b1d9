import type { DomainEvent } from '../model/domain-events.ts';
import type { NewMessage } from '../model/message.ts';
import type { PeerRecord } from '../model/peer.ts';
import type { Refusal } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { trustLimits } from './limits.ts';
import type { Policies } from './policy.ts';

/** Where an authentic message of a peer goes. */
export type Place = 'inbox' | 'held' | { readonly refusal: Refusal };

/** Contacts always reach the agent; of strangers, those to whom it wrote itself, and the others as the owner wants it. */
export function placeOf(tables: Tables, message: NewMessage, peer: PeerRecord, policies: Policies): Place {
  const { strangers } = policies.get();
  if (strangers === 'open' || peer.trust === 'contact' || tables.peers.hasWrittenTo(peer.pubkey))
    return 'inbox';
  if (strangers === 'closed') return { refusal: 'stranger' };
  if (tables.held.get(message.id)?.peer === peer.pubkey) return 'held';
  const held = tables.held.peers();
  const own = held.find((one) => one.peer === peer.pubkey);
  const isFull = own ? own.count >= trustLimits.held.messages : held.length >= trustLimits.held.strangers;
  return isFull ? { refusal: 'requests_full' } : 'held';
}

/** Two conversations may use one id: then the message goes by that of its event. */
export function hold({ held }: Tables, message: NewMessage): void {
  const isTaken = (held.get(message.id)?.peer ?? message.peer) !== message.peer;
  held.put(isTaken ? { ...message, id: message.eventId } : message);
}

/**
 * What was held comes in, as if it had arrived now: who waits with a cursor shall not miss it.
 * @param receiptDue of each: the sender was told nothing so far
 */
export function release(tables: Tables, peer: PeerRecord, nowMs: number): DomainEvent[] {
  const held = tables.held.of(peer.pubkey);
  tables.held.removeOf(peer.pubkey);
  return held.flatMap((message: NewMessage): DomainEvent[] => {
    const earlier = tables.messages.get(message.id);
    const isCopy = earlier?.direction === 'in' && earlier.peer === peer.pubkey;
    if (isCopy || tables.messages.findByEvent(message.eventId)) return [];
    const id = earlier ? message.eventId : message.id;
    const arrival = tables.messages.insert({ ...message, id, arrivedAtMs: nowMs });
    return [{ type: 'message.received', id, peer: peer.pubkey, arrival }];
  });
}
