import {
  type Cancel,
  type Clock,
  type ConfirmedMs,
  dayMs,
  hourMs,
  type Log,
  type TokenBucket,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import { dialectOf, type Payload, receiptPayloads } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { canMove } from '../model/message.ts';
import type { OutboxItem, Purpose } from '../model/outbox.ts';
import type { PeerRecord } from '../model/peer.ts';
import type { Store, Tables } from '../ports/store.ts';
import { messagingLimits } from './limits.ts';
import type { Retention } from './retention.ts';

/** Receipts that become due within this time are sent together, many ids in one. */
const GATHER_MS = 100;
/** Bytes that the receipt for one message may take in the outbox. */
const RECEIPT_BYTES = 1024;
/** Messages looked at in one pass. */
const MAX_ROWS = limits.http.pageRows;

/** Advances the delivery state of the messages that a peer's receipt names, and takes them out of the outbox. */
export function applyReceipt(
  tables: Tables,
  peer: Pubkey,
  receipt: Extract<Payload, { kind: 'receipt' }>,
  nowMs: UnixMs,
): DomainEvent[] {
  return receipt.ids.flatMap((id): DomainEvent[] => {
    const message = tables.messages.findOutgoing(peer, id);
    if (!message || !canMove(message.state, receipt.state)) return [];
    tables.messages.setState(message.id, receipt.state, nowMs);
    tables.outbox.remove(message.eventId);
    return [{ type: 'message.state', id: message.id, eventId: message.eventId, state: receipt.state }];
  });
}

export interface Receipts {
  /** Sends due receipts, a moment from now. */
  wake(): void;
  stop(): void;
}

/** Messages that owe a receipt. A group of them has the same peer and the same state. */
type Due = ReturnType<Tables['messages']['receiptsDue']>;

/**
 * Sends `delivered` and `read` receipts to senders that understand them. What is due survives a restart. Receipts to
 * strangers share a rate limit: they gather until it allows one, and where a receipt can hold only one id, the rest
 * are dropped.
 */
export function createReceipts(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly confirmedNow: () => ConfirmedMs;
  readonly log: Log;
  readonly offer: (items: readonly OutboxItem[]) => void;
  /** Rate limit of everything the daemon sends to strangers by itself. */
  readonly strangersRation: TokenBucket;
  readonly mayQueue: Retention['mayQueue'];
}): Receipts {
  const { identity, store, clock, log, strangersRation } = deps;
  let cancel: Cancel | null = null;
  /** Set while strangers wait for their rate limit. */
  let cancelStrangers: Cancel | null = null;
  /** Ids of messages whose receipt was put off until now. */
  let postponed: ReadonlySet<string> = new Set();

  function wake(): void {
    cancel ??= clock.after(GATHER_MS, () => {
      cancel = null;
      sendDue().catch((error) => log.error('a receipt could not be queued', { reason: String(error) }));
    });
  }

  async function sendDue(): Promise<void> {
    const { correspondents, strangers } = store.peek(({ messages }) => ({
      correspondents: messages.receiptsDue('correspondents', MAX_ROWS),
      strangers: cancelStrangers ? [] : messages.receiptsDue('strangers', MAX_ROWS),
    }));
    const hasMoreStrangers = strangers.length === MAX_ROWS;
    const later = readSoon(correspondents, postponed);
    postponed = new Set(later.map(({ id }) => id));
    if (later.length > 0) wake();
    await Promise.all([
      ...groupsOf(correspondents.filter(({ id }) => !postponed.has(id))).map((group) =>
        send(group, 'receipt'),
      ),
      ...groupsOf(strangers).map((group) => sendToStranger(group, hasMoreStrangers)),
    ]);
    if (correspondents.length === MAX_ROWS || (hasMoreStrangers && !cancelStrangers)) wake();
  }

  async function send(group: Due, purpose: Purpose): Promise<void> {
    const peer = peerOf(group);
    if (!peer) return;
    const bytes = group.length * RECEIPT_BYTES;
    const hasRoom = store.peek((tables) => deps.mayQueue(tables, peer.pubkey, bytes));
    // Not kept for later: a backlog would grow with each message of a peer that no relay takes anything for. A peer that gets no
    // receipt repeats the message, which asks for it again.
    const items = hasRoom ? compose(group, peer, purpose) : [];
    await settle(group, items);
    deps.offer(items);
  }

  /** Sends behind all receipts to correspondents: a stranger's flood of messages must not delay those. */
  async function sendToStranger(group: Due, hasMore: boolean): Promise<void> {
    const peer = peerOf(group);
    if (!peer || peer.trust === 'blocked') return settle(group, []);
    if (dialectOf(peer).receiptBatches) {
      if (strangersRation.take()) return send(group, 'reply');
      // A message that owes a receipt is never removed: an endless backlog would fill the store.
      return hasMore ? settle(group, []) : waitForRation();
    }
    const allowed = group.filter(() => strangersRation.take());
    await settle(group.slice(allowed.length), []);
    if (allowed.length > 0) await send(allowed, 'reply');
  }

  function waitForRation(): void {
    cancelStrangers ??= clock.after(strangersRation.waitMs(), () => {
      cancelStrangers = null;
      wake();
    });
  }

  const peerOf = ([first]: Due): PeerRecord | null =>
    first ? store.peek((tables) => tables.peers.get(first.peer)) : null;

  function compose(group: Due, peer: PeerRecord, purpose: Purpose): OutboxItem[] {
    const [first] = group;
    if (!first) return [];
    const { pubkey } = peer;
    const nowMs = clock.now();
    const confirmedMs = deps.confirmedNow();
    const dialect = dialectOf(peer);
    // The deployed mesh identifies a message by its event, ours by its own id.
    const ids = dialect.receiptBatches
      ? [...group.map(({ id }) => id), ...repeatedIds(pubkey, first.due, confirmedMs)]
      : group.map(({ eventId }) => eventId);
    return receiptPayloads(first.due, ids, nowMs, dialect).map((payload) => ({
      event: identity.sealDm(pubkey, payload, toUnixSec(nowMs), dialect.codec).event,
      peer: pubkey,
      purpose,
      payload,
      createdAtMs: confirmedMs,
      expiresAtMs: confirmedMs + messagingLimits.receipt.days * dayMs,
    }));
  }

  /** A receipt has no receipt: the latest ones are repeated in case they were lost. */
  const repeatedIds = (peer: Pubkey, state: 'delivered' | 'read', nowMs: ConfirmedMs): string[] =>
    store.peek((tables) =>
      tables.messages.receipted(
        peer,
        state,
        nowMs - messagingLimits.receipt.repeatHours * hourMs,
        messagingLimits.receipt.repeats,
      ),
    );

  /** Marks the receipts as sent, together with the outbox items that carry them. */
  const settle = (group: Due, items: readonly OutboxItem[]): Promise<void> =>
    store.transaction((tables) => {
      for (const row of group) tables.messages.setReceiptDue(row.id, 'none');
      for (const item of items) tables.outbox.insert(item);
    });

  return {
    wake,
    stop() {
      cancel?.();
      cancelStrangers?.();
    },
  };
}

/**
 * Returns messages that will probably be read in a moment, as their peer is being read now: each may wait once, so that
 * its `read` receipt says both. Without this, an agent that reads what comes sent two receipts each time.
 */
function readSoon(due: Due, postponed: ReadonlySet<string>): Due {
  const readers = new Set(due.flatMap(({ peer, due: state }) => (state === 'read' ? [peer] : [])));
  return due.filter(
    ({ id, peer, due: state }) => state === 'delivered' && readers.has(peer) && !postponed.has(id),
  );
}

/** Groups messages by peer and state, with at most as many as one receipt can name. */
function groupsOf(due: Due): Due[] {
  const groups: Due[] = [];
  const open = new Map<string, Due>();
  for (const row of due) {
    const key = `${row.peer} ${row.due}`;
    const group = open.get(key);
    if (group && group.length < messagingLimits.receipt.ids) {
      group.push(row);
      continue;
    }
    const next = [row];
    open.set(key, next);
    groups.push(next);
  }
  return groups;
}
