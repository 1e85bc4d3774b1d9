import type { UnixMs } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import { canMove } from '../model/message.ts';
import { handshakeOf } from '../model/peer.ts';
import type { PublishOutcome } from '../ports/relay-network.ts';
import type { Tables } from '../ports/store.ts';
import type { Entry } from './entry.ts';

/** Outcome of an attempt on a relay that was connected. */
export type AttemptOutcome = PublishOutcome & {
  readonly outcome: 'accepted' | 'rejected' | 'timeout';
  /** Another attempt may succeed, although the refusal sounds permanent. */
  readonly isHeld?: boolean;
};

/** Refusals that another attempt cannot change. */
const permanentPrefixes: readonly string[] = ['blocked', 'invalid', 'pow', 'restricted', 'mute'];

/** Whether trying this relay again is pointless. */
export const isFinal = ({
  outcome,
  prefix,
  isHeld = false,
}: PublishOutcome & { isHeld?: boolean }): boolean =>
  outcome === 'accepted' ||
  (outcome === 'rejected' && !isHeld && permanentPrefixes.includes(prefix ?? 'other'));

/** Records what a relay said. Its acceptance may publish the message, or our hello. */
export function recordOutcome(
  tables: Tables,
  entry: Entry,
  url: string,
  outcome: AttemptOutcome,
  atMs: UnixMs,
): DomainEvent[] {
  // A message shows the outcome of every relay, even if a receipt arrived first.
  if (entry.purpose !== 'message' && !tables.outbox.get(entry.id)) return [];
  tables.outbox.record(entry.id, {
    url,
    outcome: outcome.outcome,
    reason: outcome.reason,
    final: isFinal(outcome),
    atMs,
  });
  if (outcome.outcome !== 'accepted') return [];
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

/** Whether any relay accepted the event. */
export const isAccepted = (tables: Tables, entry: Entry): boolean =>
  tables.outbox.outcomes(entry.id).some(({ outcome }) => outcome === 'accepted');

/** Changes the delivery state of the entry's message, if it is one and may move there. */
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
