import { type Handlers, type Input, limits, OcmeshError, type Pubkey } from '@ocmesh/shared/contract';
import { dialectOf } from '@ocmesh/shared/wire';
import { hasEnded, type MessageRecord } from '../model/message.ts';
import { findPeer } from '../peers/find-peer.ts';
import type { MessageFilter } from '../ports/messages-table.ts';
import type { Tables } from '../ports/store.ts';
import type { Cursors } from './cursors.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';
import { presentMessage } from './present.ts';

export function createMessageHandlers(
  {
    store,
    identity,
    confirmedDate,
    cursors,
    waiting,
    wakeReceipts,
    nextAttemptAtMs,
    pendingRelays,
    conductOf,
  }: Pick<
    HandlerDeps,
    | 'store'
    | 'identity'
    | 'confirmedDate'
    | 'cursors'
    | 'waiting'
    | 'wakeReceipts'
    | 'nextAttemptAtMs'
    | 'pendingRelays'
    | 'conductOf'
  >,
  options: HandlerOptions,
): Pick<Handlers, 'listMessages' | 'getMessage' | 'markRead' | 'waitForMessages'> {
  const peerOf = (text: string): Pubkey => store.peek((tables) => findPeer(tables, text));
  const present = (tables: Tables, message: MessageRecord) =>
    presentMessage(tables, message, {
      self: identity.pubkey,
      ourName: options.name,
      showCursor: cursors.showArrival,
      nextAttemptAtMs,
      pendingRelays,
      conductOf,
    });

  return {
    async listMessages(input) {
      const { limit = limits.http.pageRows } = input;
      const filter = toFilter(input, cursors, peerOf);
      return store.read((tables) => {
        // One row more than asked for shows whether there is a next page.
        const rows = tables.messages.list({ ...filter, shownAtMs: confirmedDate(), limit: limit + 1 });
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        return {
          items: page.map((message) => present(tables, message)),
          next_cursor: rows.length > limit && last ? cursors.showPage(whereOf(last, filter)) : null,
        };
      });
    },

    async getMessage({ id, settle_s = 0 }, context) {
      if (settle_s > 0) await waiting.settle(id, settle_s * 1000, context?.signal);
      return store.read((tables) => {
        const message = tables.messages.get(id);
        if (!message || hasEnded(message, confirmedDate())) throw new OcmeshError('message_unknown');
        return present(tables, message);
      });
    },

    async markRead(input) {
      const from = input.from === undefined ? undefined : peerOf(input.from);
      const upTo = input.up_to === undefined ? undefined : cursors.readArrival(input.up_to);
      const ids = input.id === undefined ? input.ids : [input.id];
      const marked = await store.transaction((tables) => {
        const unread = tables.messages.unreadIds(ids ? { ids } : { from, upTo }, confirmedDate());
        for (const id of unread) markOne(tables, id);
        return unread.length;
      });
      if (marked > 0) wakeReceipts();
      return { marked };
    },

    async waitForMessages(input, context) {
      const result = await waiting.wait(
        {
          timeoutMs: (input.timeout_s ?? limits.http.waitDefaultSeconds) * 1000,
          ...(input.from === undefined ? {} : { from: peerOf(input.from) }),
          ...(input.type === undefined ? {} : { type: input.type }),
          ...(input.reply_to === undefined ? {} : { replyTo: input.reply_to }),
          ...(input.answer_to === undefined ? {} : { answerTo: input.answer_to }),
          ...(input.after === undefined ? {} : { after: cursors.readArrival(input.after) }),
        },
        context?.signal,
      );
      return store.read((tables) => ({
        messages: result.messages.map((message) => present(tables, message)),
        cursor: cursors.showArrival(result.cursor),
        timed_out: result.timedOut,
        ...(result.matched && { matched: result.matched }),
      }));
    },
  };
}

function markOne(tables: Tables, id: string): void {
  tables.messages.markRead(id);
  const message = tables.messages.get(id);
  const sender = message && tables.peers.get(message.peer);
  if (sender && dialectOf(sender).receipts) tables.messages.setReceiptDue(id, 'read');
}

const whereOf = ({ arrival, order: { place, rank } }: MessageRecord, { by }: MessageFilter): string =>
  by === 'conversation' ? `${place}-${rank}` : String(arrival);

/** Reads where a page begins. @throws OcmeshError `cursor_unknown`, `invalid_request` */
function startOf(
  cursor: string,
  { by, order }: Pick<MessageFilter, 'by' | 'order'>,
  cursors: Cursors,
): NonNullable<MessageFilter['cursor']> {
  const parts = cursors.readMessagePage(cursor);
  const [position, rank = order === 'asc' ? Number.MAX_SAFE_INTEGER : 0] = parts.map(Number);
  // Version 0.3 gave no rank in either list, and no mark.
  if (cursor.includes('.') && (by === 'conversation') !== (parts.length === 2)) {
    throw new OcmeshError('invalid_request', {
      message: 'The cursor is of a list with other fields.',
      problem: 'page_unknown',
      details: { field: 'cursor' },
    });
  }
  return { position: position as number, rank };
}

function toFilter(
  input: Input<'listMessages'>,
  cursors: Cursors,
  peerOf: (text: string) => Pubkey,
): MessageFilter {
  const { unread, type, thread, q, after, cursor } = input;
  const peers = [input.with, input.from].flatMap((text) => (text === undefined ? [] : [peerOf(text)]));
  const [peer] = peers;
  if (peers.some((other) => other !== peer)) {
    throw new OcmeshError('invalid_request', {
      message: 'The fields from and with name different peers.',
      problem: 'two_peers',
    });
  }
  // `from` is a peer's key, so it matches incoming messages only.
  const direction = input.from === undefined ? (input.direction ?? 'in') : 'in';
  const order = input.order ?? (unread ? 'asc' : 'desc');
  // What is worked off message by message must not miss one that came late.
  const by = unread || after !== undefined ? 'arrival' : 'conversation';
  return {
    direction,
    by,
    order,
    limit: limits.http.pageRows,
    ...(unread === undefined ? {} : { unread }),
    ...(peer === undefined ? {} : { peer }),
    ...(type === undefined ? {} : { type }),
    ...(thread === undefined ? {} : { thread }),
    ...(q === undefined ? {} : { q }),
    ...(after === undefined ? {} : { after: cursors.readArrival(after) }),
    ...(cursor === undefined ? {} : { cursor: startOf(cursor, { by, order }, cursors) }),
  };
}
