import { expect, test } from 'vitest';
import type { Bounds } from '../src/agent.ts';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, type TestAgent, type TestMesh } from './support/test-agent.ts';

const DAY = 86_400_000;

async function withBounds(bounds: Partial<Bounds>) {
  const world = createTestMesh();
  const agent = await world.start({ bounds: { pruneBatch: 1, ...bounds } });
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  const receive = async (content: string): Promise<void> => {
    await world.clock.advance(1_000);
    const event = bob.dm(agent.pubkey, content);
    world.relay.keep(event);
    world.relay.push(event);
    await world.clock.advance(500);
  };
  return { world, agent, bob, receive };
}

const contents = async (agent: TestAgent): Promise<string[]> =>
  (await agent.listMessages({ direction: 'all', order: 'asc' })).items.map(({ content }) => content);

/** Makes the peer a contact, as the owner would. */
const befriend = (agent: TestAgent, pubkey: string) =>
  agent.store.transaction((tables) => {
    const peer = tables.peers.get(pubkey as never);
    if (peer) tables.peers.put({ ...peer, trust: 'contact' });
  });

/** Lets the hello and due receipts go out. */
const quiet = async (world: TestMesh): Promise<void> => world.clock.advance(1_000);

test('removes the oldest read messages, but no unread ones, a stranger’s neither', async () => {
  const { agent, receive, world } = await withBounds({ storedMessages: 3 });
  for (const content of ['a', 'b', 'c']) await receive(content);
  const [, second] = (await agent.listMessages({ order: 'asc' })).items;
  await agent.markRead({ id: second?.id ?? '' });
  await quiet(world);
  await receive('d');
  expect(await contents(agent)).toEqual(['a', 'c', 'd']);
  await receive('e');
  expect(await contents(agent)).toEqual(['a', 'c', 'd']);
  expect(await agent.refused()).toMatchObject({ inbox_full: 1 });
});

test('never removes a contact’s unread messages: new ones are refused without a receipt, and the status says so', async () => {
  const { world, agent, bob, receive } = await withBounds({ storedMessages: 2 });
  await befriend(agent, bob.pubkey);
  await receive('a');
  await receive('b');
  await quiet(world);
  world.relay.offered.length = 0;
  await receive('c');
  expect(await contents(agent)).toEqual(['a', 'b']);
  expect(await agent.refused()).toMatchObject({ inbox_full: 1 });
  expect(await agent.getStatus({})).toMatchObject({ degraded: true, reasons: [{ code: 'inbox_full' }] });
  expect(bob.opened(world.relay.offered).filter(({ type }) => type === 'delivered')).toEqual([]);
  expect(await agent.sendMessage({ to: bob.pubkey, content: 'x' })).toMatchObject({ state: 'queued' });
});

test('a message that made room for others is not shown again when its sender repeats it in another event', async () => {
  const { world, agent, bob, receive } = await withBounds({ storedMessages: 2 });
  const first = { type: 'text', body: 'first', mid: 'mid-of-bob-1' };
  world.relay.push(bob.dm(agent.pubkey, first));
  await world.clock.advance(1_000);
  for (const content of ['second', 'third']) {
    await agent.markRead({ all: true });
    await quiet(world);
    await receive(content);
  }
  expect(await contents(agent)).toEqual(['second', 'third']);
  const carol = world.fakePeer('carol');
  await agent.markRead({ all: true });
  await quiet(world);
  world.relay.push(bob.dm(agent.pubkey, first));
  await settle(world.clock);
  expect(await contents(agent)).toEqual(['second', 'third']);
  // Another peer's message with the same id is another message.
  world.relay.push(carol.dm(agent.pubkey, first));
  await settle(world.clock);
  expect(await contents(agent)).toEqual(['third', 'first']);
});

test('nor is a message of another client, when the same rumor comes in another gift wrap', async () => {
  const { world, agent, bob, receive } = await withBounds({ storedMessages: 2 });
  const wraps = ['one wrap', 'another wrap'].map(() => bob.wrap(agent.pubkey, 'first'));
  world.relay.push(wraps[0]);
  await world.clock.advance(1_000);
  for (const content of ['second', 'third']) {
    await agent.markRead({ all: true });
    await quiet(world);
    await receive(content);
  }
  expect(await contents(agent)).toEqual(['second', 'third']);
  await agent.markRead({ all: true });
  await quiet(world);
  world.relay.push(wraps[1]);
  await settle(world.clock);
  expect(await contents(agent)).toEqual(['second', 'third']);
});

test('messages refused by a full store are fetched again, and arrive once there is room', async () => {
  const { world, agent, bob, receive } = await withBounds({ storedMessages: 2 });
  await befriend(agent, bob.pubkey);
  await receive('a');
  await receive('b');
  await receive('c');
  await agent.markRead({ all: true });
  await quiet(world);
  expect((await agent.getStatus({})).degraded).toBe(false);
  await world.clock.advance(10 * 60_000);
  expect(await contents(agent)).toEqual(['b', 'c']);
});

test('never removes messages that are still in the outbox', async () => {
  const { world, agent, bob } = await withBounds({ sentBytes: 1 });
  agent.network.disconnect();
  for (const n of [1, 2, 3]) await agent.sendMessage({ to: bob.pubkey, content: `out ${n}` });
  expect(await contents(agent)).toEqual(['out 1', 'out 2', 'out 3']);
  agent.network.connect();
  await settle(world.clock);
  // Every relay has it now: it may be removed.
  await agent.sendMessage({ to: bob.pubkey, content: 'out 4' });
  expect(await contents(agent)).toEqual(['out 2', 'out 3', 'out 4']);
});

test('removes messages that are too old', async () => {
  const { world, agent, receive } = await withBounds({ messageDays: 2, pruneBatch: 100 });
  await receive('old');
  await world.clock.advance(1.5 * DAY);
  await receive('young');
  await world.clock.advance(DAY);
  expect(await contents(agent)).toEqual(['young']);
});

test('a position of arrival is never reused, even when every message was removed', async () => {
  const { world, agent, receive } = await withBounds({ messageDays: 1, pruneBatch: 100 });
  await receive('a');
  const { cursor } = await agent.waitForMessages({ timeout_s: 0 });
  await world.clock.advance(3 * DAY);
  expect(await contents(agent)).toEqual([]);
  await receive('b');
  const { messages } = await agent.waitForMessages({ timeout_s: 0, after: cursor });
  expect(messages.map(({ content }) => content)).toEqual(['b']);
});

test('limits the event ids kept, and a catch-up reaches no further back than they do', async () => {
  const bounds = { seenIds: 20 };
  const { world, agent, bob } = await withBounds(bounds);
  const events = Array.from({ length: 60 }, (_, n) => bob.dm(agent.pubkey, `m${n}`));
  for (const event of events) {
    world.relay.keep(event);
    world.relay.push(event);
    await world.clock.advance(10_000);
  }
  const known = agent.store.peek(({ seen }) => events.filter(({ id }) => seen.has(id)).length);
  // Ids of the last minute come on top.
  expect(known).toBeGreaterThanOrEqual(20);
  expect(known).toBeLessThan(30);
  const again = await world.start({ disk: await agent.crash(), bounds });
  await world.clock.advance(2 * 3_600_000);
  expect(await contents(again)).toHaveLength(60);
});

test('forgotten event ids never count as known again', async () => {
  const { agent } = await withBounds({});
  await agent.store.transaction(({ seen }) => seen.forgetBefore(2_000));
  await agent.store.transaction(({ seen }) => seen.forgetBefore(1_000));
  expect(agent.store.peek(({ seen }) => seen.knownSinceMs('wss://one.test'))).toBe(2_000);
});
