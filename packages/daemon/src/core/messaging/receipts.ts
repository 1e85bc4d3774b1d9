import type { TokenBucket } from '@ocmesh/shared/ambient';
import {
  type Cancel,
  type Clock,
  dayMs,
  hourMs,
  type Log,
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

/** Receipts that come due within this time go out together, many ids in one. */
const GATHER_MS = 100;

/** A peer's receipt moves our messages up the ladder, and ends what the outbox still does for them. */
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
    return [{ type: 'message.state', id: message.id, state: receipt.state }];
  });
}

export interface Receipts {
  /** Sends what is due, a moment from now. */
  wake(): void;
  stop(): void;
}

/**
 * Tells senders what became of their messages, if they know receipts. What is due survives a restart. Strangers share a
 * ration: theirs gather until it has room, and where a receipt holds one id only, those beyond it are let go.
 */
export function createReceipts(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly offer: (items: readonly OutboxItem[]) => void;
  /** Of what goes to strangers by itself. */
  readonly strangersRation: TokenBucket;
}): Receipts {
  const { identity, store, clock, log, strangersRation } = deps;
  let cancel: Cancel | null = null;
  let cancelStrangers: Cancel | null = null;

  type Due = ReturnType<Tables['messages']['receiptsDue']>;

  function queueDue(): void {
    cancel = null;
    const { correspondents, strangers } = store.peek(({ messages }) => ({
      correspondents: messages.receiptsDue('familiar', limits.http.pageRows),
      // They wait for their ration.
      strangers: cancelStrangers ? [] : messages.receiptsDue('strangers', limits.http.pageRows),
    }));
    const queued = [
      ...groupsOf(correspondents).map((group) => queue(group, 'receipt')),
      ...groupsOf(strangers).map((group) =>
        queueForStranger(group, strangers.length === limits.http.pageRows),
      ),
    ];
    Promise.all(queued)
      // There may be more than one look shows.
      .then(() => {
        if (
          correspondents.length === limits.http.pageRows ||
          (strangers.length === limits.http.pageRows && !cancelStrangers)
        )
          wake();
      })
      .catch((error) => log.error('a receipt could not be queued', { reason: String(error) }));
  }

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

  function wake(): void {
    cancel ??= clock.after(GATHER_MS, queueDue);
  }

  function waitForRation(): void {
    cancelStrangers ??= clock.after(strangersRation.waitMs(), () => {
      cancelStrangers = null;
      wake();
    });
  }

  /** Behind all receipts of others, so that a stranger's flood of messages delays nobody's. */
  async function queueForStranger(group: Due, areTooMany: boolean): Promise<void> {
    const peer = peerOf(group);
    if (!peer || peer.trust === 'blocked') return settle(group, []);
    if (dialectOf(peer).receiptBatches) {
      if (strangersRation.take()) return queue(group, 'reply');
      // What owes a receipt is never removed: a backlog without end would fill the store.
      return areTooMany ? settle(group, []) : waitForRation();
    }
    const within = group.filter(() => strangersRation.take());
    await settle(group.slice(within.length), []);
    if (within.length > 0) await queue(within, 'reply');
  }

  const peerOf = ([first]: Due): PeerRecord | null =>
    first ? store.peek((tables) => tables.peers.get(first.peer)) : null;

  async function queue(group: Due, purpose: Purpose): Promise<void> {
    const [first] = group;
    const peer = peerOf(group);
    if (!first || !peer) return;
    const nowMs = clock.now();
    const dialect = dialectOf(peer);
    // The deployed mesh knows a message by its event, ours by its own id.
    const ids = dialect.receiptBatches
      ? [...group.map(({ id }) => id), ...repeated(first.peer, first.due, nowMs)]
      : group.map(({ eventId }) => eventId);
    const items = receiptPayloads(first.due, ids, nowMs, dialect).map(
      (payload): OutboxItem => ({
        event: identity.sealDm(first.peer, payload, toUnixSec(nowMs), dialect.codec).event,
        peer: first.peer,
        purpose,
        expiresAtMs: nowMs + limits.message.days * dayMs,
      }),
    );
    await settle(group, items);
    deps.offer(items);
  }

  const settle = (group: Due, items: readonly OutboxItem[]): Promise<void> =>
    store.transaction((tables) => {
      for (const row of group) tables.messages.setReceiptDue(row.id, 'none');
      for (const item of items) tables.outbox.insert(item);
    });

  /** A receipt has no receipt: the latest ones are said once more, should they have been lost. */
  const repeated = (peer: Pubkey, state: 'delivered' | 'read', nowMs: UnixMs): string[] =>
    store.peek((tables) =>
      tables.messages.receipted(
        peer,
        state,
        nowMs - messagingLimits.receipt.repeatHours * hourMs,
        messagingLimits.receipt.repeats,
      ),
    );

  return {
    wake,
    stop() {
      cancel?.();
      cancelStrangers?.();
    },
  };
}
