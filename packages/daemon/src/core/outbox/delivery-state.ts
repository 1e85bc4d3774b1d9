import type { UnixMs } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import { canMove } from '../model/message.ts';
import { handshakeOf } from '../model/peer.ts';
import type { PublishOutcome } from '../ports/relay-network.ts';
import type { Tables } from '../ports/store.ts';
import type { Entry } from './lane.ts';

/** Refusals that no second try will change. */
const lasting: readonly string[] = ['blocked', 'invalid', 'pow', 'restricted', 'mute'];

export const isFinal = (outcome: PublishOutcome): boolean =>
  outcome.outcome === 'accepted' ||
  (outcome.outcome === 'rejected' && lasting.includes(outcome.prefix ?? 'other'));

/** What a relay said goes on record, and may take the message, or our hello, one step up. */
export function noteOutcome(
  tables: Tables,
  entry: Entry,
  url: string,
  { outcome, reason }: PublishOutcome & { readonly outcome: 'accepted' | 'rejected' | 'timeout' },
  final: boolean,
  atMs: UnixMs,
): DomainEvent[] {
  // The ladder of a message is shown to its end, even where a receipt came first.
  if (entry.purpose !== 'message' && !tables.outbox.get(entry.id)) return [];
  tables.outbox.record(entry.id, { url, outcome, reason, final, atMs });
  if (outcome !== 'accepted') return [];
  if (entry.purpose === 'message') return moveMessage(tables, entry, 'published', atMs);
  return entry.purpose === 'hello' ? markGreeted(tables, entry) : [];
}

function markGreeted(tables: Tables, entry: Entry): DomainEvent[] {
  const peer = tables.peers.get(entry.peer);
  if (!peer || peer.hello === 'published') return [];
  const greeted = { ...peer, hello: 'published' as const };
  tables.peers.put(greeted);
  return handshakeOf(greeted) === 'acknowledged' ? [{ type: 'peer.handshaked', pubkey: entry.peer }] : [];
}

export const isTaken = (tables: Tables, entry: Entry): boolean =>
  tables.outbox.outcomes(entry.id).some(({ outcome }) => outcome === 'accepted');

export function moveMessage(
  tables: Tables,
  entry: Entry,
  state: 'published' | 'failed' | 'expired',
  atMs: UnixMs,
): DomainEvent[] {
  const message = entry.purpose === 'message' ? tables.messages.findByEvent(entry.id) : null;
  if (!message || !canMove(message.state, state)) return [];
  tables.messages.setState(message.id, state, atMs);
  return [{ type: 'message.state', id: message.id, state }];
}
