import { type Input, type Page, validateInput } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { createTestMesh, settle } from './support/test-agent.ts';

/** Collects all pages, with the cursor parsed by the contract as from a REST caller. */
async function allPages<T>(
  name: 'listPeers' | 'listMessages',
  list: (paging: { cursor?: string }) => Promise<Page<T[]>>,
): Promise<T[][]> {
  const pages: T[][] = [];
  let paging: { cursor?: string } = {};
  for (;;) {
    const { items, next_cursor } = await list(validateInput(name, paging) as { cursor?: string });
    pages.push(items);
    if (next_cursor === null) return pages;
    paging = { cursor: next_cursor };
  }
}

async function crowd(count: number) {
  const world = createTestMesh();
  const agent = await world.start();
  const nowSec = Math.floor(world.clock.now() / 1000);
  const fakePeers = Array.from({ length: count }, (_, index) => world.fakePeer(`peer ${index}`));
  for (const [index, fakePeer] of fakePeers.entries()) {
    // Some are from the same second.
    const createdAtSec = nowSec - Math.floor(index / 3);
    world.relay.push(
      fakePeer.presence({
        name: `Peer ${index}`,
        createdAtSec,
        features: index % 2 ? ['messaging', 'odd'] : [],
      }),
    );
  }
  await settle(world.clock);
  return { world, agent, fakePeers };
}

test('pages of peers contain every peer once, the last seen first', async () => {
  const { agent } = await crowd(25);
  const whole = (await agent.listPeers({})).items;
  expect(whole).toHaveLength(25);
  expect(whole.map(({ last_seen }) => last_seen)).toEqual(
    whole
      .map(({ last_seen }) => last_seen)
      .sort()
      .reverse(),
  );
  for (const limit of [1, 3, 5, 24, 25, 26]) {
    const pages = await allPages('listPeers', (paging) => agent.listPeers({ limit, ...paging }));
    expect(pages.flat()).toEqual(whole);
    expect(pages).toHaveLength(Math.ceil(25 / limit));
  }
});

test('filters peers by online, feature, capability, trust and text', async () => {
  const { world, agent, fakePeers } = await crowd(6);
  const [first, second] = fakePeers;
  if (!first || !second) throw new Error('no fake peers');
  world.relay.push(first.presence({ offline: true, createdAtSec: Math.floor(world.clock.now() / 1000) + 1 }));
  world.relay.push(second.dm(agent.pubkey, { type: 'profile', name: '100%_x', capabilities: ['build'] }));
  await settle(world.clock);
  const count = async (input: Input<'listPeers'>) => (await agent.listPeers(input)).items.length;
  expect(await count({ online: true })).toBe(5);
  expect(await count({ online: false })).toBe(1);
  expect(await count({ feature: 'odd' })).toBe(3);
  expect(await count({ feature: 'od' })).toBe(0);
  expect(await count({ capability: 'build' })).toBe(1);
  expect(await count({ trust: 'stranger' })).toBe(6);
  expect(await count({ trust: 'contact' })).toBe(0);
  expect(await count({ q: 'peer 3' })).toBe(1);
  expect(await count({ q: '%' })).toBe(1);
  expect(await count({ q: '_' })).toBe(1);
  expect(await count({ q: '\\' })).toBe(0);
  expect(await count({ q: "' OR 1=1 --" })).toBe(0);
  expect(await count({ q: second.pubkey.slice(0, 12) })).toBe(1);
});

async function conversation() {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const carol = world.fakePeer('carol');
  for (let i = 0; i < 12; i++) {
    const from = i % 3 === 0 ? carol : bob;
    world.relay.push(
      from.dm(agent.pubkey, {
        type: i % 4 === 0 ? 'task' : 'text',
        body: `in ${i}`,
        thread: `thread-${i % 2}-xx`,
      }),
    );
  }
  await settle(world.clock);
  await agent.sendMessage({ to: bob.pubkey, content: 'out to bob' });
  await agent.sendMessage({ to: carol.pubkey, content: 'out to carol' });
  await settle(world.clock);
  return { world, agent, bob, carol };
}

test.each([
  ['newest first', {}, 12],
  ['all directions', { direction: 'all' }, 14],
  ['oldest first', { order: 'asc', direction: 'all' }, 14],
  ['unread', { unread: true }, 12],
  ['a search', { q: 'in 1' }, 3],
] as const)('pages of messages hold every message once: %s', async (_, input, count) => {
  const { agent } = await conversation();
  const whole = (await agent.listMessages(input)).items.map(({ id }) => id);
  expect(whole).toHaveLength(count);
  for (const limit of [1, 4, count - 1, count, count + 1]) {
    const pages = await allPages('listMessages', (paging) =>
      agent.listMessages({ ...input, limit, ...paging }),
    );
    expect(pages.flat().map(({ id }) => id)).toEqual(whole);
    expect(pages).toHaveLength(Math.ceil(count / limit));
  }
});

test('messages that arrive between pages do not shift them', async () => {
  const { world, agent, bob } = await conversation();
  const first = await agent.listMessages({ limit: 5 });
  world.relay.push(bob.dm(agent.pubkey, 'new one'));
  await settle(world.clock);
  const second = await agent.listMessages({ limit: 50, cursor: first.next_cursor as string });
  const contents = [...first.items, ...second.items].map(({ content }) => content);
  expect(new Set(contents).size).toBe(12);
  expect(contents).not.toContain('new one');
});

test('by default, unread messages are listed oldest first, all others newest first', async () => {
  const { agent } = await conversation();
  const firstOf = async (input: Input<'listMessages'>) => (await agent.listMessages(input)).items[0]?.content;
  expect(await firstOf({ unread: true })).toBe('in 0');
  expect(await firstOf({})).toBe('in 11');
  expect(await firstOf({ unread: true, order: 'desc' })).toBe('in 11');
  expect(await firstOf({ order: 'asc' })).toBe('in 0');
});

test('filters messages', async () => {
  const { agent, bob, carol } = await conversation();
  const list = async (input: Input<'listMessages'>) => (await agent.listMessages(input)).items;
  expect(await list({ from: carol.pubkey })).toHaveLength(4);
  expect(await list({ from: carol.pubkey, direction: 'out' })).toHaveLength(4);
  expect(await list({ with: carol.pubkey, direction: 'all' })).toHaveLength(5);
  expect(await list({ with: bob.pubkey, direction: 'out' })).toMatchObject([{ content: 'out to bob' }]);
  expect(await list({ type: 'task' })).toHaveLength(3);
  expect(await list({ thread: 'thread-1-xx' })).toHaveLength(6);
  const { cursor } = await agent.waitForMessages({ after: '0' });
  expect(await list({ after: cursor.replace(/^\d+/, '10') })).toHaveLength(2);
  expect(await list({ after: cursor })).toEqual([]);
  expect(await list({ unread: false })).toEqual([]);
});

test('refuses two parameters for the sender', async () => {
  const { agent, bob, carol } = await conversation();
  await expect(agent.listMessages({ from: carol.pubkey, with: bob.pubkey })).rejects.toMatchObject({
    code: 'invalid_request',
  });
  expect((await agent.listMessages({ from: carol.pubkey, with: carol.pubkey })).items).toHaveLength(4);
});

test('marks as read by id, ids, sender and all, and counts only messages that were unread', async () => {
  const { world, agent, bob, carol } = await conversation();
  const [one, two, three] = await agent.inbox();
  if (!one || !two || !three) throw new Error('no messages');
  expect(await agent.markRead({ id: one.id })).toEqual({ marked: 1 });
  expect(await agent.markRead({ id: one.id })).toEqual({ marked: 0 });
  expect(await agent.markRead({ ids: [one.id, two.id, three.id, 'unknown'] })).toEqual({ marked: 2 });
  expect(await agent.markRead({ from: carol.pubkey })).toEqual({ marked: 3 });
  expect((await agent.listMessages({ unread: true, from: carol.pubkey })).items).toEqual([]);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ unread_count: 6 });
  expect(await agent.markRead({ all: true })).toEqual({ marked: 6 });
  expect(await agent.getStatus({})).toMatchObject({ unread_count: 0 });
  const again = await world.start({ disk: await agent.crash(), up: false });
  expect(await again.getStatus({})).toMatchObject({ unread_count: 0 });
});

test('an unknown id is an error, an unknown peer too', async () => {
  const { world, agent } = await conversation();
  await expect(agent.getMessage({ id: 'nothing' })).rejects.toMatchObject({ code: 'message_unknown' });
  await expect(agent.getPeer({ pubkey: world.fakePeer('nobody').pubkey })).rejects.toMatchObject({
    code: 'peer_unknown',
  });
  await expect(agent.getPeer({ pubkey: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_pubkey' });
  await expect(agent.listMessages({ from: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_pubkey' });
});

test('finds text in any case and composition, and keeps every character of it', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const texts = [
    'Viel \u00c4rger',
    'viel a\u0308rger',
    'Stra\u00dfe',
    '\ufeffmarked from the start, and long enough',
  ];
  for (const text of texts) world.relay.push(bob.dm(agent.pubkey, text));
  await settle(world.clock);
  const found = async (q: string) =>
    (await agent.listMessages({ q, order: 'asc' })).items.map(({ content }) => content);
  for (const q of ['\u00e4rger', 'A\u0308RGER', 'VIEL \u00c4'])
    expect(await found(q)).toEqual(texts.slice(0, 2));
  expect(await found('stra\u00dfe')).toEqual(['Stra\u00dfe']);
  expect(await found('marked')).toEqual([texts[3]]);
  const again = await world.start({ disk: await agent.crash() });
  expect((await again.listMessages({ order: 'asc' })).items.map(({ content }) => content)).toEqual(texts);
  const { id } = await again.sendMessage({ to: bob.pubkey, content: texts[3] as string });
  expect(await again.getMessage({ id })).toMatchObject({ content: texts[3] });
});

test('refuses integers that JSON would change, and shows those of peers as they were written', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const payload = '{"type":"task","body":"pay","order":{"id":9007199254740993}}';
  const exact = {
    type: 'task',
    body: 'pay',
    order: { id: 2 ** 53, text: '9007199254740993', e: 0.1234567890123456 },
  };
  world.relay.push(bob.dm(agent.pubkey, payload), bob.dm(agent.pubkey, exact));
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([
    { type: 'text', content: payload },
    { type: 'task', content: 'pay', data: { order: exact.order } },
  ]);
  const send = (value: number) =>
    agent.sendMessage({ to: bob.pubkey, content: 'x', type: 'task', data: { deep: [{ value }] } });
  for (const value of [2 ** 53, -(2 ** 63), Number.POSITIVE_INFINITY]) {
    await expect(send(value)).rejects.toMatchObject({ code: 'invalid_request', details: { field: 'data' } });
  }
  for (const value of [2 ** 53 - 1, 0.1, 6.02e23])
    expect(await send(value)).toMatchObject({ state: 'queued' });
});
