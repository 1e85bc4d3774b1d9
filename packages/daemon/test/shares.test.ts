import { expect, test } from 'vitest';
import type { Bounds } from '../src/agent.ts';
import { type FakePeer, modern } from './support/fake-peer.ts';
import { createTestMesh, settle, type TestAgent } from './support/test-agent.ts';

const KIB = 1024;
const MINUTE = 60_000;
const inbox = 1024 * KIB;
const small = {
  inboxBytes: inbox,
  outboxBytes: 400 * KIB,
  sentBytes: 400 * KIB,
  leastBytes: 2 * KIB,
  strangerPercent: 10,
} satisfies Partial<Bounds>;

async function meet(bounds: Partial<Bounds> = small) {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start({ bounds });
  const [friend, flooder, quiet] = ['friend', 'flooder', 'quiet'].map(world.fakePeer) as [
    FakePeer,
    FakePeer,
    FakePeer,
  ];
  world.relay.push(...[friend, flooder].map((one) => one.presence({ features: modern })));
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  const receive = async (from: FakePeer, count: number, bytes: number, label = 'm'): Promise<void> => {
    const draft = () => ({ created_at: Math.floor(world.clock.now() / 1000) });
    const pad = 'x'.repeat(Math.max(0, bytes - 8));
    const events = Array.from({ length: count }, (_, n) =>
      from.dm(
        agent.pubkey,
        { type: 'task', body: `${label}${n}`, mid: `${from.pubkey.slice(0, 8)}-${label}${n}`, pad },
        draft(),
      ),
    );
    world.relay.keep(...events);
    world.relay.push(...events);
    await settle(world.clock);
  };
  return { world, agent, friend, flooder, quiet, receive };
}

const from = async (agent: TestAgent, { pubkey }: FakePeer): Promise<string[]> =>
  (await agent.listMessages({ from: pubkey, order: 'asc', limit: 1000 })).items.map(({ content }) => content);

const texts = (count: number, label = 'm'): string[] =>
  Array.from({ length: count }, (_, n) => `${label}${n}`);

const held = (agent: TestAgent): number =>
  agent.store.peek(({ shares }) =>
    Object.values(shares.sums()).reduce((sum, { received }) => sum + received, 0),
  );

/** What others wrote and what we sent, before a flood. */
async function withHistory() {
  const mesh = await meet();
  const { agent, friend, flooder, quiet, receive, world } = mesh;
  await receive(friend, 30, 100, 'read');
  await agent.markRead({ all: true });
  await receive(friend, 20, 100, 'unread');
  await receive(quiet, 20, 100);
  for (let n = 0; n < 10; n++) await agent.sendMessage({ to: friend.pubkey, content: `sent ${n}` });
  await agent.sendMessage({ to: flooder.pubkey, content: 'yes?' });
  await world.clock.advance(MINUTE);
  const isWhole = async (): Promise<void> => {
    expect(await from(agent, friend)).toEqual([...texts(30, 'read'), ...texts(20, 'unread')]);
    expect(await from(agent, quiet)).toEqual(texts(20));
    const { items } = await agent.listMessages({ direction: 'out', limit: 1000 });
    expect(items).toHaveLength(11);
  };
  return { ...mesh, isWhole };
}

test.each([
  ['a stranger answered once', 'stranger', false],
  ['a contact', 'contact', false],
  ['a stranger answered once, whose messages are read as they come', 'stranger', true],
  ['a contact whose messages are read as they come', 'contact', true],
] as const)('a flood by %s costs nobody else anything', async (_, trust, isRead) => {
  const { world, agent, friend, flooder, receive, isWhole } = await withHistory();
  await agent.updatePeer({ pubkey: flooder.pubkey, trust });
  for (let round = 0; round < 10; round++) {
    await receive(flooder, 10, 16_000, `${round}-`);
    if (isRead) await agent.markRead({ from: flooder.pubkey });
    await world.clock.advance(1_000);
  }
  await isWhole();
  expect(held(agent)).toBeLessThanOrEqual(inbox);
  // Who is within its share still writes, and our agent still sends.
  await receive(friend, 5, 1_000, 'later');
  expect((await from(agent, friend)).slice(-5)).toEqual(texts(5, 'later'));
  expect(await agent.sendMessage({ to: friend.pubkey, content: 'still here' })).toMatchObject({
    state: 'queued',
  });
});

test('a flood by 50 contacts at once leaves room for one that is quiet', async () => {
  const { world, agent, friend, receive, isWhole } = await withHistory();
  const flooders = Array.from({ length: 50 }, (_, n) => world.fakePeer(`flooder ${n}`));
  for (const { pubkey } of flooders) {
    await agent.addPeer({ pubkey });
    await agent.updatePeer({ pubkey, trust: 'contact' });
  }
  for (let round = 0; round < 2; round++) {
    for (const one of flooders) await receive(one, 2, 16_000, `${round}-`);
  }
  await isWhole();
  expect(held(agent)).toBeLessThanOrEqual(inbox);
  await receive(friend, 2, 100, 'later');
  expect((await from(agent, friend)).slice(-2)).toEqual(texts(2, 'later'));
});

test('strangers get room from what strangers wrote, never from what a contact wrote', async () => {
  const { world, agent, friend, flooder, quiet, receive } = await meet({
    ...small,
    contactPercent: 100,
    strangerPercent: 100,
  });
  await receive(quiet, 20, 4_000);
  // The contact holds most, and fills what is left.
  await receive(friend, 80, 16_000);
  await receive(friend, 40, 100, 'short');
  // What was refused does not come again.
  world.relay.stored.length = 0;
  await agent.markRead({ all: true });
  await world.clock.advance(MINUTE);
  const history = await from(agent, friend);
  expect(held(agent)).toBeGreaterThan(inbox * 0.99);
  await receive(flooder, 1, 100);
  expect(await from(agent, flooder)).toEqual(texts(1));
  expect((await from(agent, quiet)).length).toBeLessThan(20);
  expect(await from(agent, friend)).toEqual(history);
});

test('counts data, and what each message costs besides its text', async () => {
  const { agent, friend, receive } = await meet({ ...small, contactPercent: 100 });
  await receive(friend, 70, 16_000);
  expect((await from(agent, friend)).length).toBeLessThan(60);
  expect(held(agent)).toBeLessThanOrEqual(inbox);
  expect(held(agent)).toBeGreaterThan(inbox * 0.9);
  const many = await meet({ ...small, inboxBytes: 300 * KIB, contactPercent: 100 });
  await many.receive(many.friend, 300, 0);
  expect((await from(many.agent, many.friend)).length).toBeLessThan(240);
});

test('counts held messages', async () => {
  const { world, agent, flooder, receive } = await meet();
  await agent.setPolicy({ strangers: 'ask' });
  await receive(flooder, 3, 4_000);
  expect(await agent.listRequests({})).toHaveLength(1);
  expect(held(agent)).toBeGreaterThan(3 * 4_000);
  await agent.answerRequest({ pubkey: flooder.pubkey, accept: true });
  await settle(world.clock);
  expect(await from(agent, flooder)).toEqual(texts(3));
  const before = held(agent);
  expect(before).toBeGreaterThan(3 * 4_000);
  // The sums are the same after a restart, which counts afresh.
  const again = await world.start({ disk: await agent.crash(), bounds: small });
  expect(held(again)).toBe(before);
});

test('what is beyond a share gets no receipt, and arrives once there is room', async () => {
  const { world, agent, friend, receive } = await meet();
  await receive(friend, 40, 16_000);
  const stored = await from(agent, friend);
  expect(stored.length).toBeGreaterThan(10);
  expect(stored.length).toBeLessThan(40);
  const named = () =>
    new Set(friend.opened(world.relay.offered).flatMap((payload) => (payload['msgIds'] as string[]) ?? []));
  await world.clock.advance(MINUTE);
  expect(named().size).toBe(stored.length);
  // A restart loses nothing either.
  const again = await world.start({ disk: await agent.crash(), bounds: small });
  await world.clock.advance(MINUTE);
  for (let hours = 0; hours < 12; hours++) {
    await again.markRead({ all: true });
    await world.clock.advance(60 * MINUTE);
  }
  await again.markRead({ all: true });
  await world.clock.advance(MINUTE);
  expect(named().size).toBe(40);
});

test('the status names whose messages fill the inbox, until there is room', async () => {
  const { agent, world, flooder, receive } = await meet();
  const alias = 'mallory\u001b[31m\nthe flooder';
  await agent.updatePeer({ pubkey: flooder.pubkey, trust: 'contact', alias });
  await receive(flooder, 40, 16_000);
  const { degraded, reasons } = await agent.getStatus({});
  expect({ degraded, reasons }).toMatchObject({
    degraded: true,
    reasons: [{ code: 'inbox_full', peers: [flooder.pubkey] }],
  });
  const [reason] = reasons;
  expect(reason?.message).toContain('mallory');
  expect(reason?.message).toContain((await agent.peer(flooder.pubkey)).npub);
  expect(reason?.message).not.toMatch(/\p{Cc}/u);
  expect(reason?.next_step).toContain('from');
  await agent.markRead({ from: flooder.pubkey });
  await world.clock.advance(MINUTE);
  expect((await agent.getStatus({})).reasons).toEqual([]);
});

test('blocking makes room at once', async () => {
  const { agent, world, flooder, friend, receive } = await meet({ ...small, contactPercent: 100 });
  await agent.updatePeer({ pubkey: flooder.pubkey, trust: 'contact' });
  await receive(flooder, 70, 16_000);
  expect((await agent.getStatus({})).degraded).toBe(true);
  await agent.updatePeer({ pubkey: flooder.pubkey, trust: 'blocked' });
  expect((await agent.getStatus({})).degraded).toBe(false);
  await receive(friend, 10, 8_000);
  expect(await from(agent, friend)).toHaveLength(10);
  await world.clock.advance(MINUTE);
  expect(held(agent)).toBeLessThanOrEqual(inbox);
});

test('a share grows when another peer’s messages are read', async () => {
  const { world, agent, flooder, friend, receive } = await meet();
  await agent.updatePeer({ pubkey: flooder.pubkey, trust: 'contact' });
  await receive(flooder, 40, 16_000);
  await receive(friend, 40, 16_000);
  const before = (await from(agent, friend)).length;
  await agent.markRead({ from: flooder.pubkey });
  await agent.updatePeer({ pubkey: flooder.pubkey, trust: 'blocked' });
  await world.clock.advance(10 * MINUTE);
  expect((await from(agent, friend)).length).toBeGreaterThan(before);
});

test('a receiver whom nothing reaches does not stop messages to others', async () => {
  const { agent, friend, flooder } = await meet();
  agent.network.disconnect();
  const content = 'x'.repeat(4_000);
  const fill = async (): Promise<void> => {
    for (let n = 0; n < 100; n++) await agent.sendMessage({ to: flooder.pubkey, content });
  };
  await expect(fill()).rejects.toMatchObject({ code: 'outbox_full' });
  expect(await agent.sendMessage({ to: friend.pubkey, content })).toMatchObject({ state: 'queued' });
  expect(agent.store.peek(({ shares }) => shares.of(flooder.pubkey).outbox)).toBeLessThanOrEqual(210 * KIB);
});

test('sent messages make room for sent ones, the oldest to whoever got most first', async () => {
  const { world, agent, friend, quiet, receive } = await meet({ ...small, sentBytes: 100 * KIB });
  await receive(quiet, 20, 100);
  for (let n = 0; n < 3; n++) await agent.sendMessage({ to: quiet.pubkey, content: `quiet ${n}` });
  for (let n = 0; n < 60; n++) {
    await agent.sendMessage({ to: friend.pubkey, content: `${n} ${'x'.repeat(1_500)}` });
    await world.clock.advance(10_000);
  }
  const sent = (await agent.listMessages({ direction: 'out', order: 'asc', limit: 1000 })).items;
  expect(sent.filter(({ to }) => to === quiet.pubkey)).toHaveLength(3);
  expect(sent.at(-1)?.content).toMatch(/^59 /);
  expect(sent.length).toBeLessThan(50);
  expect(await from(agent, quiet)).toHaveLength(20);
});

test('receipts that nobody takes do not fill the outbox', async () => {
  const { world, agent, friend, flooder, receive } = await meet({ ...small, outboxBytes: 60 * KIB });
  await agent.updatePeer({ pubkey: flooder.pubkey, trust: 'contact' });
  // Of the deployed mesh: one receipt for each message.
  world.relay.push(
    flooder.presence({ version: '0.2.1', createdAtSec: Math.floor(world.clock.now() / 1000) + 1 }),
  );
  await settle(world.clock);
  world.relay.onPublish = () => ({ outcome: 'timeout', reason: null, prefix: null, keeps: false });
  for (let round = 0; round < 12; round++) {
    await receive(flooder, 20, 0, `${round}-`);
    await world.clock.advance(2_000);
    await agent.markRead({ all: true });
    await world.clock.advance(2_000);
  }
  const outbox = agent.store.peek(({ shares }) => Object.values(shares.sums()).map((sum) => sum.outbox));
  expect(outbox.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(60 * KIB);
  expect(await from(agent, flooder)).toHaveLength(240);
  expect(await agent.sendMessage({ to: friend.pubkey, content: 'still here' })).toMatchObject({
    state: 'queued',
  });
});

test('an idempotency key keeps no copy of its message', async () => {
  const { agent, friend } = await meet();
  const call = { to: friend.pubkey, content: 'x'.repeat(4_000), idempotency_key: 'key' };
  const { id } = await agent.sendMessage(call);
  expect(agent.store.peek(({ idempotency }) => idempotency.get('key', 0))?.call.length).toBeLessThan(100);
  expect(await agent.sendMessage(call)).toMatchObject({ id });
  await expect(agent.sendMessage({ ...call, content: 'other' })).rejects.toMatchObject({
    code: 'idempotency_conflict',
  });
});

test('an idempotency key of version 0.3 still counts', async () => {
  const { agent, friend } = await meet();
  const call = JSON.stringify([friend.pubkey, 'hi', 'text', null, undefined, undefined]);
  const response = {
    id: 'earlier',
    to: friend.pubkey,
    timestamp: '2026-01-01T00:00:00.000Z',
    state: 'queued',
  };
  const nowMs = Date.parse(response.timestamp);
  await agent.store.transaction(({ idempotency }) =>
    idempotency.put('key', call, JSON.stringify(response), nowMs + MINUTE, 0),
  );
  expect(await agent.sendMessage({ to: friend.pubkey, content: 'hi', idempotency_key: 'key' })).toEqual(
    response,
  );
});

test('strangers whom our agent answers do not fill the list of peers, and come back to their conversation', async () => {
  const { world, agent, friend, receive } = await meet({ ...small, peers: 6, peersEvicted: 2 });
  const many = Array.from({ length: 20 }, (_, n) => world.fakePeer(`answered ${n}`));
  for (const one of many) {
    await receive(one, 1, 100);
    await agent.sendMessage({ to: one.pubkey, content: 'hello' });
    await agent.markRead({ all: true });
    await world.clock.advance(5_000);
    expect((await agent.getStatus({})).known_peer_count).toBeLessThanOrEqual(7);
  }
  expect(await agent.peer(friend.pubkey)).toMatchObject({ trust: 'contact' });
  const [first] = many as [FakePeer];
  await expect(agent.peer(first.pubkey)).rejects.toMatchObject({ code: 'peer_unknown' });
  await receive(first, 1, 100, 'again');
  await agent.sendMessage({ to: first.pubkey, content: 'hello again' });
  const sent = agent.store.peek(({ messages }) =>
    messages.list({ direction: 'out', order: 'asc', peer: first.pubkey, limit: 10 }).map(({ seq }) => seq),
  );
  expect(sent).toEqual([1, 2]);
});

test('messages that only wait for a receipt make room for new ones', async () => {
  const { world, agent, friend } = await meet({ ...small, outboxBytes: 60 * KIB, sentBytes: 60 * KIB });
  // It takes receipts, but sends none.
  for (let n = 0; n < 60; n++) {
    await agent.sendMessage({ to: friend.pubkey, content: `${n} ${'x'.repeat(2_000)}` });
    await world.clock.advance(10_000);
  }
  const { items } = await agent.listMessages({ direction: 'out', order: 'asc', limit: 1000 });
  expect(items.at(-1)?.content).toMatch(/^59 /);
  const { outbox, sent } = agent.store.peek(({ shares }) => shares.of(friend.pubkey));
  expect(outbox).toBeLessThanOrEqual(60 * KIB);
  expect(sent).toBeLessThanOrEqual(70 * KIB);
});

test('an id that is used again and again does not get around the share', async () => {
  const { world, agent, friend } = await meet();
  const pad = 'x'.repeat(16_000);
  for (let n = 0; n < 70; n++) {
    const ts = world.clock.now() + n;
    world.relay.push(friend.dm(agent.pubkey, { type: 'task', body: `${n}`, mid: 'the-same-id', ts, pad }));
    await settle(world.clock);
  }
  expect((await from(agent, friend)).length).toBeGreaterThan(5);
  expect(held(agent)).toBeLessThanOrEqual(inbox * 0.6);
  expect(await agent.refused()).toMatchObject({ inbox_full: expect.any(Number) });
});
