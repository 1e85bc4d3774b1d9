import type { Pubkey } from '@ocmesh/shared/contract';
import { actor } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import type { NewMessage } from '../../../core/model/message.ts';
import { currentSchema } from '../sql/migrations/index.ts';
import { openSql } from '../sql/sql.ts';
import { createDatabase } from './database.ts';
import { createTables } from './index.ts';

const bob = actor('bob').pubkey;
const carol = actor('carol').pubkey;
const minute = { fromMs: 0, toMs: 60_000 };

async function setUp() {
  const sql = await openSql(null);
  currentSchema.migrate(sql);
  const { messages } = createTables(createDatabase(sql, () => {}));
  let count = 0;
  const put = (peer: Pubkey, direction: 'in' | 'out', arrivedAtMs: number, hops = 0): void => {
    const id = `m${++count}`;
    const message: NewMessage = {
      id,
      eventId: `e-${id}`,
      peer,
      direction,
      type: 'text',
      content: id,
      data: null,
      replyTo: null,
      thread: null,
      timestampMs: arrivedAtMs,
      arrivedAtMs,
      read: true,
      state: 'received',
      deliveredAtMs: null,
      readAtMs: null,
      receiptDue: 'none',
      seq: null,
      auto: hops > 0,
      hops,
    };
    messages.insert(message);
  };
  return { sql, messages, put };
}

test('finds the newest incoming message of a period, from anyone or one peer', async () => {
  const { messages, put } = await setUp();
  put(bob, 'in', 1_000, 1);
  put(bob, 'in', 2_000, 2);
  put(carol, 'in', 3_000, 3);
  put(bob, 'out', 4_000);
  put(bob, 'in', 61_000, 4);
  expect(messages.newestIncoming(minute)).toEqual({ peer: carol, hops: 3 });
  expect(messages.newestIncoming({ ...minute, peer: bob })).toEqual({ peer: bob, hops: 2 });
  expect(messages.newestIncoming({ fromMs: 2_001, toMs: 2_999 })).toBeNull();
});

test('takes the last arrival for the newest of messages with the same time', async () => {
  const { messages, put } = await setUp();
  put(bob, 'in', 1_000, 1);
  put(bob, 'in', 1_000, 2);
  expect(messages.newestIncoming({ ...minute, peer: bob })?.hops).toBe(2);
});

test('finds the last incoming message of a conversation, whatever was sent or others wrote since', async () => {
  const { messages, put } = await setUp();
  put(bob, 'in', 1_000, 7);
  for (let n = 0; n < 5; n++) put(carol, 'in', 2_000 + n);
  for (let n = 0; n < 3; n++) put(bob, 'out', 3_000 + n);
  expect(messages.newestIncoming({ ...minute, peer: bob })?.hops).toBe(7);
});

test('reads the incoming messages of a period, not a whole conversation and nothing sent', async () => {
  const { sql } = await setUp();
  const queries: string[] = [];
  const watching: typeof sql = {
    ...sql,
    one(text) {
      queries.push(text);
      return null;
    },
  };
  const watched = createTables(createDatabase(watching, () => {})).messages;
  for (const peer of [{}, { peer: bob }]) watched.newestIncoming({ ...minute, ...peer });
  for (const text of queries) {
    const plan = sql.all(`EXPLAIN QUERY PLAN ${text}`, [0, 1, ...(text.includes('+peer') ? [bob] : [])]);
    expect(plan.map((row) => row[3]).join('\n')).toContain(
      'messages_received (arrived_at>? AND arrived_at<?)',
    );
    expect(plan.map((row) => row[3]).join('\n')).not.toContain('TEMP B-TREE');
  }
  expect(queries).toHaveLength(2);
});

test('counts our automatic messages of a period, however much was written since', async () => {
  const { messages, put } = await setUp();
  for (let n = 1; n <= 5; n++) put(bob, 'out', 1_000 + n, n);
  put(carol, 'out', 1_003, 1);
  put(bob, 'out', 1_003);
  put(bob, 'in', 1_003, 2);
  for (let n = 0; n < 1_000; n++) put(bob, 'in', 2_000 + n);
  const count = (afterMs: number, toMs: number, limit = 10) =>
    messages.countAutomatic(bob, { afterMs, toMs, limit });
  expect([count(0, 60_000), count(1_002, 60_000), count(0, 1_002)]).toEqual([5, 3, 2]);
  expect(count(0, 60_000, 4)).toBe(4);
});

test('counts automatic messages without reading the conversation', async () => {
  const { sql } = await setUp();
  let query = '';
  const watching: typeof sql = {
    ...sql,
    one(text) {
      query = text;
      return [0];
    },
  };
  const { messages } = createTables(createDatabase(watching, () => {}));
  messages.countAutomatic(bob, { afterMs: 0, toMs: 1, limit: 1 });
  const plan = sql.all(`EXPLAIN QUERY PLAN ${query}`, [bob, 0, 1, 1]).map((row) => row[3]);
  expect(plan.join('\n')).toContain('messages_automatic (peer=? AND arrived_at>? AND arrived_at<?)');
});
