import type { UnixMs } from '@ocmesh/shared/ambient';
import { dialectOf } from '@ocmesh/shared/wire';
import type { DomainEvent } from '../model/domain-events.ts';
import { canMove } from '../model/message.ts';
import type { RelayOutcomeRecord } from '../model/outbox.ts';
import { handshakeOf } from '../model/peer.ts';
import type { PublishOutcome } from '../ports/relay-network.ts';
import type { Tables } from '../ports/store.ts';
import { refusesWriter } from '../relays/write-budget.ts';
import type { Entry } from './entry.ts';
import { outboxLimits } from './limits.ts';

/** Outcome of an attempt on a relay that was connected. */
export type AttemptOutcome = Omit<PublishOutcome, 'outcome'> & {
  readonly outcome: RelayOutcomeRecord['outcome'];
  /** No other attempt on this relay would change it. */
  readonly isFinal: boolean;
  /** There is no other attempt on this relay for now: the outcome is final, or the relay refuses us. */
  readonly isOver: boolean;
  /** A peer's relay would take it if it knew who writes. */
  readonly wantsToKnowUs?: boolean;
};

/** Why the outcome of an OK is `dropped`. */
export const DROPS = 'It accepts messages and drops them.';

/** Refusals of the event that another attempt cannot change. */
const permanentPrefixes: readonly string[] = ['invalid', 'pow'];

/** Decides whether to try this relay again. Counts refusals that do not say so themselves. */
export function judgeOutcome(
  entry: Entry,
  url: string,
  published: Omit<PublishOutcome, 'outcome'> & Pick<AttemptOutcome, 'outcome'>,
): AttemptOutcome {
  const { outcome, prefix, reason } = published;
  if (outcome === 'dropped') return { ...published, isFinal: false, isOver: true };
  if (outcome === 'rejected' && (prefix ?? 'other') === 'other') {
    const count = (entry.unexplained.get(url) ?? 0) + 1;
    entry.unexplained.set(url, count);
    const isFinal = count >= outboxLimits.unexplainedRefusals;
    const words = reason ?? (isFinal ? `refused ${count} times without a reason` : null);
    return { ...published, reason: words, isFinal, isOver: isFinal };
  }
  const isFinal =
    outcome === 'accepted' || (outcome === 'rejected' && permanentPrefixes.includes(prefix ?? ''));
  return { ...published, isFinal, isOver: isFinal || refusesWriter(published) };
}

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
    final: outcome.isFinal,
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

/**
 * Decides what an entry awaits that a relay accepted. A message needs the peer's receipt, or without receipts, like a hello
 * and what goes to the owner's phone, that a relay which accepted it passes a test. Receipts and replies need neither: their peer asks again.
 */
export function startWaiting(tables: Tables, entry: Entry): void {
  const isMessage = entry.purpose === 'message';
  const isPublished = isMessage && tables.messages.headOf(entry.id)?.state === 'published';
  const receiver = tables.peers.get(entry.peer);
  entry.awaitsReceipt ||= isPublished && receiver !== null && dialectOf(receiver).receipts;
  entry.awaitsTest =
    !entry.awaitsReceipt && (isPublished || entry.purpose === 'hello' || entry.purpose === 'owner');
}

/** The relay dropped what it accepted. A message that no other relay accepted is queued again. */
export function revokeAcceptance(tables: Tables, entry: Entry, url: string, atMs: UnixMs): DomainEvent[] {
  // Given up to make room.
  if (!tables.outbox.get(entry.id)) return [];
  tables.outbox.revoke(entry.id, { url, reason: DROPS, atMs });
  entry.acceptedBy.delete(url);
  entry.droppedBy.add(url);
  if (isAccepted(tables, entry)) return [];
  entry.awaitsReceipt = false;
  entry.awaitsTest = false;
  return moveMessage(tables, entry, 'queued', atMs);
}

/** Changes the delivery state of the entry's message, if it is one and may move there. */
export function moveMessage(
  tables: Tables,
  entry: Entry,
  state: 'queued' | 'published' | 'failed' | 'expired',
  atMs: UnixMs,
): DomainEvent[] {
  const message = entry.purpose === 'message' ? tables.messages.headOf(entry.id) : null;
  if (!message || !canMove(message.state, state)) return [];
  tables.messages.setState(message.id, state, atMs);
  return [{ type: 'message.state', id: message.id, eventId: message.eventId, state }];
}
