import type { Pubkey, Trust } from '@ocmesh/shared/contract';
import { actor } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { recountShares } from '../../../../../test/support/recount-shares.ts';
import { seededChance } from '../../../../../test/support/seed.ts';
import { type NewMessage, ROW_BYTES } from '../../../../core/model/message.ts';
import type { PeerRecord } from '../../../../core/model/peer.ts';
import { createDatabase } from '../../tables/database.ts';
import { createTables } from '../../tables/index.ts';
import { openSql } from '../sql.ts';
import { currentSchema } from './index.ts';

const pubkeys = ['a', 'b', 'c', 'd'].map((name) => actor(name).pubkey) as [Pubkey, ...Pubkey[]];

const peer = (pubkey: Pubkey, trust: Trust): PeerRecord => ({
  pubkey,
  name: null,
  about: null,
  version: null,
  features: [],
  capabilities: [],
  trust,
  alias: null,
  note: null,
  firstSeenMs: 1,
  lastSeenMs: 1,
  onlineUntilMs: 0,
  offlineSinceMs: null,
  presenceAtSec: 1,
  hello: 'none',
  theirHelloAtMs: null,
  answeredAtMs: null,
});

const message = (id: string, from: Pubkey, direction: 'in' | 'out', bytes: number): NewMessage => ({
  id,
  eventId: `e-${id}`,
  peer: from,
  direction,
  type: 'text',
  content: 'é'.repeat(bytes / 4),
  data: bytes % 2 ? null : { text: 'x'.repeat(bytes / 2) },
  replyTo: null,
  thread: null,
  timestampMs: 1,
  arrivedAtMs: 1,
  read: direction === 'out',
  state: 'received',
  deliveredAtMs: null,
  readAtMs: null,
  receiptDue: bytes % 3 ? 'none' : 'delivered',
  seq: null,
  auto: false,
  hops: 0,
});

test('after any changes, the sums are those of the messages that are there', async () => {
  const chance = seededChance('kept sums');
  const sql = await openSql(null);
  currentSchema.migrate(sql);
  const { peers, messages, outbox, held, shares } = createTables(createDatabase(sql, () => {}));
  const event = (id: string, content: string) => ({
    id,
    pubkey: pubkeys[0],
    created_at: 1,
    kind: 4,
    tags: [],
    content,
    sig: '',
  });
  const ids: string[] = [];
  const sent: string[] = [];
  for (let n = 0; n < 1_500; n++) {
    const who = chance.pick(pubkeys);
    const bytes = chance.below(9_000);
    const changes = [
      () => peers.put(peer(who, chance.pick(['stranger', 'contact', 'blocked']))),
      () => peers.nextSeq(who),
      () => peers.evict(1, { answered: chance.happens(0.5) }),
      () => messages.insert(message(`m${ids.push(`m${n}`) && n}`, who, 'in', bytes)),
      () => messages.insert(message(`m${n}`, who, 'out', bytes)),
      () => ids.length > 0 && messages.markRead(chance.pick(ids)),
      () => ids.length > 0 && messages.setReceiptDue(chance.pick(ids), chance.pick(['none', 'read'])),
      () => held.put(message(`h${n}`, who, 'in', bytes)),
      () => chance.below(5) === 0 && held.removeOf(who),
      () =>
        outbox.insert({
          event: event(`o${sent.push(`o${n}`) && n}`, 'x'.repeat(bytes)),
          peer: who,
          purpose: 'receipt',
          payload: bytes % 2 ? null : 'z'.repeat(bytes),
          createdAtMs: 1,
          expiresAtMs: 1,
        }),
      () => outbox.remove(sent.pop() ?? ''),
      () => sent.length > 0 && outbox.replace(sent.pop() as string, event(`r${n}`, 'y'.repeat(bytes))),
      () => shares.removeOldest(chance.pick(['received', 'sent']), who, 3),
      () => chance.below(20) === 0 && messages.prune({ unreadOfStrangers: true, limit: 10 }),
    ];
    chance.pick(changes)();
  }
  const { kept, counted } = recountShares(sql);
  expect(kept).toEqual(counted);
  expect(shares.sums().contact.received + shares.sums().blocked.received).toBeGreaterThan(0);
});

test('a message takes its text and what the core adds for its records', async () => {
  const sql = await openSql(null);
  currentSchema.migrate(sql);
  const { messages, shares } = createTables(createDatabase(sql, () => {}));
  messages.insert(message('m', pubkeys[0], 'in', 401));
  expect(shares.of(pubkeys[0]).received).toBe(ROW_BYTES + 200);
});
