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
import type { OutboxItem } from '../model/outbox.ts';
import type { Store, Tables } from '../ports/store.ts';

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

/** Tells senders what became of their messages, if they know receipts. What is due survives a restart. */
export function createReceipts(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly offer: (items: readonly OutboxItem[]) => void;
}): Receipts {
  const { identity, store, clock, log } = deps;
  let cancel: Cancel | null = null;

  type Due = ReturnType<Tables['messages']['receiptsDue']>;

  function queueDue(): void {
    cancel = null;
    const due = store.peek((tables) => tables.messages.receiptsDue(limits.pageRows));
    const groups = new Map<string, Due>();
    for (const row of due) {
      const key = `${row.peer} ${row.due}`;
      const group = groups.get(key);
      if (group) group.push(row);
      else groups.set(key, [row]);
    }
    const queued = Promise.all([...groups.values()].map(queue));
    queued
      // There may be more than one look shows.
      .then(() => due.length === limits.pageRows && wake())
      .catch((error) => log.error('a receipt could not be queued', { reason: String(error) }));
  }

  function wake(): void {
    cancel ??= clock.after(GATHER_MS, queueDue);
  }

  async function queue(group: Due): Promise<void> {
    const [first] = group;
    const peer = first && store.peek((tables) => tables.peers.get(first.peer));
    if (!first || !peer) return;
    if (peer.trust === 'blocked') {
      await store.transaction((tables) => {
        for (const row of group) tables.messages.setReceiptDue(row.id, 'none');
      });
      return;
    }
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
        purpose: 'receipt',
        expiresAtMs: nowMs + limits.outboxDays * dayMs,
      }),
    );
    await store.transaction((tables) => {
      for (const row of group) tables.messages.setReceiptDue(row.id, 'none');
      for (const item of items) tables.outbox.insert(item);
    });
    deps.offer(items);
  }

  /** A receipt has no receipt: the latest ones are said once more, should they have been lost. */
  const repeated = (peer: Pubkey, state: 'delivered' | 'read', nowMs: UnixMs): string[] =>
    store.peek((tables) =>
      tables.messages.receipted(
        peer,
        state,
        nowMs - limits.receiptRepeatHours * hourMs,
        limits.receiptRepeats,
      ),
    );

  return {
    wake,
    stop: () => cancel?.(),
  };
}
