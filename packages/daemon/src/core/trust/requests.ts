import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey, Trust } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import { hasEnded, type NewMessage } from '../model/message.ts';
import type { Tables } from '../ports/store.ts';
import type { HeldMessages } from './held-messages.ts';

/** A stranger who waits for the owner's decision. */
export interface WaitingRequest {
  /** `in`: it wrote; `out`: our agent wants to write to it. */
  readonly direction: 'in' | 'out';
  readonly peer: Pubkey;
  readonly sinceMs: ConfirmedMs;
  /** Its held messages; none if our agent wants to write. */
  readonly held: readonly NewMessage[];
  /** The first message that our agent wants to send, cut. */
  readonly intended: string | null;
}

/** Lists the strangers who wait for the owner's decision, in both directions. */
export function listRequests({ held, pendingContacts }: Tables, shownAtMs: UnixMs): WaitingRequest[] {
  const incoming = held.peers(shownAtMs).map(
    ({ peer, sinceMs }): WaitingRequest => ({
      direction: 'in',
      peer,
      sinceMs,
      held: held.of(peer).filter((message) => !hasEnded(message, shownAtMs)),
      intended: null,
    }),
  );
  const outgoing = pendingContacts.list().map(
    ({ peer, atMs, content }): WaitingRequest => ({
      direction: 'out',
      peer,
      sinceMs: atMs,
      held: [],
      intended: content,
    }),
  );
  return [...incoming, ...outgoing];
}

export const countRequests = ({ held, pendingContacts }: Tables, shownAtMs: UnixMs): number =>
  held.peers(shownAtMs).length + pendingContacts.list().length;

/** Changes the trust in a known peer, and whatever depends on it. @returns what happened */
export function changeTrust(
  tables: Tables,
  pubkey: Pubkey,
  trust: Trust,
  heldMessages: Pick<HeldMessages, 'release'>,
): DomainEvent[] {
  const before = tables.peers.get(pubkey);
  if (!before || before.trust === trust) return [];
  const peer = { ...before, trust };
  tables.peers.put(peer);
  const events: DomainEvent[] = [{ type: 'peer.trust', peer }];
  if (trust === 'stranger') return events;
  tables.pendingContacts.remove(pubkey);
  if (trust === 'contact') return [...events, ...heldMessages.release(tables, peer)];
  tables.held.removeOf(pubkey);
  return events;
}
