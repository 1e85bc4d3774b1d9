import type { DeliveryState, Pubkey } from '@ocmesh/shared/contract';
import type { MessageRecord, ReceiptDue } from '../../../core/model/message.ts';
import type { MessageFilter, MessageHead, MessagesTable } from '../../../core/ports/messages-table.ts';
import type { SqlValue } from '../sql/sql.ts';
import { conditions, contains } from './conditions.ts';
import type { Database } from './database.ts';
import { CORRESPONDENT } from './peers.ts';

const COLUMNS = `arrival, id, event_id, peer, direction, type, content, data, reply_to, thread, timestamp, arrived_at,
  read, state, delivered_at, read_at, seq, auto, hops, place, rank, series, missing, written,
  recipients, subject, expires_at`;
/** Of messages that have not ended by a date. */
const SHOWN = '(expires_at IS NULL OR expires_at > ?)';
/** Behind everything with the same place: what came late stands before our message, and has a number. */
const LAST_RANK = Number.MAX_SAFE_INTEGER;

/** Messages, grouped by what they are used for. */
export const createMessagesTable = (database: Database): MessagesTable => ({
  ...createRecords(database),
  ...createOrder(database),
  ...createReadMarks(database),
  ...createDeliveryStates(database),
  ...createReceipts(database),
  ...createAutomaticMessages(database),
});

const countOf = (database: Database, where: string, ...parameters: SqlValue[]): number =>
  Number(database.one(`SELECT count(*) FROM messages WHERE ${where}`, parameters)?.[0]);

/** Storing, finding and removing messages. */
function createRecords(database: Database) {
  const one = (where: string, ...parameters: SqlValue[]): MessageRecord | null => {
    const row = database.one(`SELECT ${COLUMNS} FROM messages WHERE ${where}`, parameters);
    return row && toMessage(row);
  };
  const head = (where: string, ...parameters: SqlValue[]): MessageHead | null => {
    const row = database.one(`SELECT id, event_id, state FROM messages WHERE ${where}`, parameters);
    return row && { id: row[0] as string, eventId: row[1] as string, state: row[2] as DeliveryState };
  };
  const totals = () => {
    const [rows, bytes, last] = database.one(
      'SELECT count, bytes, last_arrival FROM message_totals',
    ) as number[];
    return { count: rows as number, bytes: bytes as number, last: last as number };
  };

  return {
    insert(message, order) {
      const arrival = totals().last + 1;
      const rank = message.direction === 'out' ? LAST_RANK : 0;
      const { place, series, missing, ...at } = order ?? { place: arrival, rank, series: 0, missing: 0 };
      database.write('messages.insert', [
        arrival,
        message.id,
        message.eventId,
        message.peer,
        message.direction,
        message.type,
        message.content,
        message.data === null ? null : JSON.stringify(message.data),
        message.replyTo,
        message.thread,
        message.timestampMs,
        message.arrivedAtMs,
        Number(message.read),
        message.state,
        message.deliveredAtMs,
        message.readAtMs,
        message.receiptDue,
        message.seq,
        Number(message.auto),
        message.hops,
        place,
        at.rank,
        series,
        missing,
        message.writtenMs ?? null,
        message.recipients?.length ? JSON.stringify(message.recipients) : null,
        message.subject ?? null,
        message.expiresAtMs ?? null,
      ]);
      return arrival;
    },

    get: (id) => one('id = ?', id),
    findByEvent: (eventId) => one('event_id = ?', eventId),
    headOf: (eventId) => head('event_id = ?', eventId),
    findOutgoing: (peer, id) =>
      head(`(id = ? OR event_id = ?) AND peer = ? AND direction = 'out'`, id, id, peer),

    list(filter) {
      const { where, parameters } = messageConditions(filter);
      const direction = filter.order === 'asc' ? 'ASC' : 'DESC';
      const order =
        filter.by === 'conversation' ? `place ${direction}, rank ${direction}` : `arrival ${direction}`;
      return database
        .all(`SELECT ${COLUMNS} FROM messages ${where} ORDER BY ${order} LIMIT ?`, [
          ...parameters,
          filter.limit,
        ])
        .map(toMessage);
    },

    hasExpired: (nowMs) =>
      database.one('SELECT 1 FROM messages WHERE expires_at <= ? LIMIT 1', [nowMs]) !== null,
    removeExpired(nowMs) {
      database.write('outcomes.expire', [nowMs]);
      database.write('messages.expire', [nowMs]);
    },
    lastArrival: () => totals().last,
    totals,
    prune({ unreadOfStrangers, arrivedBeforeMs = Number.MAX_SAFE_INTEGER, limit }) {
      const before = totals().count;
      const which = [Number(unreadOfStrangers), arrivedBeforeMs, limit];
      database.write('outcomes.prune', which);
      database.write('messages.prune', which);
      return before - totals().count;
    },
  } satisfies Partial<MessagesTable>;
}

/** The neighbours of a message in its conversation. */
function createOrder(database: Database) {
  const first = (rest: string, ...parameters: SqlValue[]): MessageRecord | null => {
    const row = database.one(`SELECT ${COLUMNS} FROM messages ${rest} LIMIT 1`, parameters);
    return row && toMessage(row);
  };
  return {
    setMissing: (arrival, missing) => database.write('messages.setMissing', [missing, arrival]),
    behindGap: (peer, seq) =>
      first(
        'WHERE missing > 0 AND peer = ? AND seq > ? AND seq - missing <= ? ORDER BY arrival DESC',
        peer,
        seq,
        seq,
      ),
    firstFrom: (peer, series, seq) =>
      first('WHERE series > 0 AND peer = ? AND series = ? AND seq >= ? ORDER BY seq', peer, series, seq),
    placeBefore: (peer, series, seq) =>
      first('WHERE series > 0 AND peer = ? AND series = ? AND seq < ? ORDER BY seq DESC', peer, series, seq)
        ?.order.place ?? 0,
    firstSentAfter: (peer, atMs, { fromPlace, beforePlace }) =>
      // The inner limit keeps this from reading a long conversation for one message that came late.
      (database.one(
        `SELECT min(place) FROM (SELECT place, timestamp FROM messages
           WHERE peer = ? AND place >= ? AND place < ? AND direction = 'out' ORDER BY place DESC LIMIT 100)
         WHERE timestamp > ?`,
        [peer, fromPlace, beforePlace, atMs],
      )?.[0] ?? null) as number | null,
    countUnnumbered: (peer, afterArrival, limit) =>
      Number(
        database.one(
          `SELECT count(*) FROM (SELECT 1 FROM messages
             WHERE peer = ? AND arrival > ? AND direction = 'in' AND seq IS NULL LIMIT ?)`,
          [peer, afterArrival, limit],
        )?.[0],
      ),
  } satisfies Partial<MessagesTable>;
}

/** Which messages the owner has read. */
const createReadMarks = (database: Database) =>
  ({
    countUnread: (shownAtMs, peer) =>
      // Few have ended and are still there, so that both counts are of an index.
      peer === undefined
        ? countOf(database, 'read = 0') - countOf(database, 'expires_at <= ? AND read = 0', shownAtMs)
        : countOf(database, 'read = 0 AND peer = ?', peer) -
          countOf(database, 'expires_at <= ? AND read = 0 AND +peer = ?', shownAtMs, peer),

    unreadIds(which, shownAtMs) {
      const where = conditions();
      where.add('read = 0');
      where.add(SHOWN, shownAtMs);
      if ('ids' in which) where.add('id IN (SELECT value FROM json_each(?))', JSON.stringify(which.ids));
      else {
        if (which.from !== undefined) where.add('peer = ?', which.from);
        if (which.upTo !== undefined) where.add('arrival <= ?', which.upTo);
      }
      const { where: built, parameters } = where.build();
      return database.all(`SELECT id FROM messages ${built}`, parameters).map(([id]) => id as string);
    },

    markRead: (id) => database.write('messages.markRead', [id]),
  }) satisfies Partial<MessagesTable>;

/** Delivery states of outgoing messages. */
const createDeliveryStates = (database: Database) =>
  ({
    setState(id, state, atMs) {
      database.write('messages.setState', [state, id]);
      if (state === 'delivered' || state === 'read') {
        database.write('messages.setDelivered', [atMs, id]);
      }
      if (state === 'read') database.write('messages.setReadByPeer', [atMs, id]);
    },

    countByState<S extends DeliveryState>(...states: S[]) {
      const counts = Object.fromEntries(states.map((state) => [state, 0])) as Record<S, number>;
      for (const [state, rows] of database.all(
        `SELECT state, count(*) FROM messages WHERE direction = 'out' AND state IN (${states.map(() => '?')})
         GROUP BY state`,
        states,
      )) {
        counts[state as S] = rows as number;
      }
      return counts;
    },
  }) satisfies Partial<MessagesTable>;

/** Receipts that incoming messages still owe their senders, and those that were sent. */
const createReceipts = (database: Database) =>
  ({
    setReceiptDue: (id, due) => database.write('messages.setReceiptDue', [due, id]),

    receiptsDue: (to, limit) =>
      database
        .all(
          `SELECT id, event_id, peer, receipt_due FROM messages m WHERE receipt_due <> 'none' AND ${
            to === 'correspondents' ? '' : 'NOT'
          } EXISTS (SELECT 1 FROM peers p WHERE p.pubkey = m.peer AND ${CORRESPONDENT}) ORDER BY arrival LIMIT ?`,
          [limit],
        )
        .map(([id, eventId, peer, due]) => ({
          id: id as string,
          eventId: eventId as string,
          peer: peer as Pubkey,
          due: due as Exclude<ReceiptDue, 'none'>,
        })),

    receipted: (peer, state, sinceMs, limit) =>
      database
        .all(
          // The inner limit keeps this from reading a long conversation for each receipt.
          `SELECT id FROM (SELECT * FROM messages WHERE peer = ? ORDER BY arrival DESC LIMIT 200)
           WHERE direction = 'in' AND receipt_due = 'none' AND read = ? AND arrived_at >= ? LIMIT ?`,
          [peer, Number(state === 'read'), sinceMs, limit],
        )
        .map(([id]) => id as string),
  }) satisfies Partial<MessagesTable>;

/** Counts for the loop guard. */
const createAutomaticMessages = (database: Database) =>
  ({
    newestIncoming({ fromMs, toMs, peer }) {
      const row = database.one(
        // `+peer`: with an index of peers the time would limit nothing.
        `SELECT peer, hops FROM messages WHERE direction = 'in' AND arrived_at BETWEEN ? AND ?
           ${peer === undefined ? '' : 'AND +peer = ?'} ORDER BY arrived_at DESC, arrival DESC`,
        [fromMs, toMs, ...(peer === undefined ? [] : [peer])],
      );
      return row && { peer: row[0] as Pubkey, hops: row[1] as number };
    },

    countAutomatic: (peer, { afterMs, toMs, limit }) =>
      Number(
        database.one(
          `SELECT count(*) FROM (SELECT 1 FROM messages
             WHERE peer = ? AND direction = 'out' AND auto = 1 AND arrived_at > ? AND arrived_at <= ? LIMIT ?)`,
          [peer, afterMs, toMs, limit],
        )?.[0],
      ),
  }) satisfies Partial<MessagesTable>;

function messageConditions(filter: MessageFilter) {
  const where = conditions();
  if (filter.direction !== 'all') where.add('direction = ?', filter.direction);
  if (filter.unread !== undefined) where.add(filter.unread ? 'read = 0' : 'read = 1');
  if (filter.peer !== undefined) where.add('peer = ?', filter.peer);
  if (filter.type !== undefined) where.add('type = ?', filter.type);
  if (filter.thread !== undefined) where.add('thread = ?', filter.thread);
  if (filter.replyTo !== undefined) where.add('reply_to = ?', filter.replyTo);
  if (filter.q !== undefined) where.add(...contains(['content'], filter.q));
  if (filter.shownAtMs !== undefined) where.add(SHOWN, filter.shownAtMs);
  if (filter.after !== undefined) where.add('arrival > ?', filter.after);
  if (filter.cursor) {
    const { position, rank } = filter.cursor;
    const side = filter.order === 'asc' ? '>' : '<';
    if (filter.by === 'conversation') where.add(`(place, rank) ${side} (?, ?)`, position, rank);
    else where.add(`arrival ${side} ?`, position);
  }
  return where.build();
}

const toMessage = (row: SqlValue[]): MessageRecord => ({
  arrival: row[0] as number,
  id: row[1] as string,
  eventId: row[2] as string,
  peer: row[3] as Pubkey,
  direction: row[4] as 'in' | 'out',
  type: row[5] as string,
  content: row[6] as string,
  data: row[7] === null ? null : JSON.parse(row[7] as string),
  replyTo: row[8] as string | null,
  thread: row[9] as string | null,
  timestampMs: row[10] as number,
  arrivedAtMs: row[11] as number,
  read: row[12] === 1,
  state: row[13] as DeliveryState,
  deliveredAtMs: row[14] as number | null,
  readAtMs: row[15] as number | null,
  seq: row[16] as number | null,
  auto: row[17] === 1,
  hops: row[18] as number,
  order: {
    place: row[19] as number,
    rank: row[20] as number,
    series: row[21] as number,
    missing: row[22] as number,
  },
  writtenMs: row[23] as number | null,
  recipients: row[24] === null ? [] : JSON.parse(row[24] as string),
  subject: row[25] as string | null,
  expiresAtMs: row[26] as number | null,
});
