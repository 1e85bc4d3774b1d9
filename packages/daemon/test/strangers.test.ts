import { expect, test } from 'vitest';
import type { Bounds } from '../src/agent.ts';
import { type FakePeer, modern } from './support/fake-peer.ts';
import { createTestMesh, settle, type TestAgent } from './support/test-agent.ts';

const MINUTE = 60_000;

async function withBounds(bounds: Partial<Bounds>) {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start({ bounds });
  const [stranger, other, friend] = ['stranger', 'other', 'friend'].map(world.fakePeer) as [
    FakePeer,
    FakePeer,
    FakePeer,
  ];
  world.relay.push(friend.presence(), stranger.presence({ features: modern }));
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  const receive = async (
    from: FakePeer,
    ...payloads: (string | Record<string, unknown>)[]
  ): Promise<void> => {
    for (const payload of payloads) world.relay.push(from.dm(agent.pubkey, payload));
    await settle(world.clock);
  };
  return { world, agent, stranger, other, friend, receive };
}

const texts = (count: number, label = 'm'): string[] =>
  Array.from({ length: count }, (_, n) => `${label}${n}`);

const from = async (agent: TestAgent, fakePeer: FakePeer): Promise<string[]> =>
  (await agent.listMessages({ from: fakePeer.pubkey, order: 'asc', limit: 1000 })).items.map(
    ({ content }) => content,
  );

test('limits a stranger’s unread messages; more are dropped, counted, and logged once', async () => {
  const { agent, stranger, receive } = await withBounds({ strangerMessages: 5 });
  await receive(stranger, ...texts(12));
  expect(await from(agent, stranger)).toEqual(texts(5));
  expect(await agent.refused()).toMatchObject({ stranger_quota: 7 });
  expect(agent.log.lines.filter(({ message }) => message.includes('more are dropped'))).toHaveLength(1);
});

test('a stranger’s full quota does not affect others’ messages', async () => {
  const { agent, stranger, other, friend, receive } = await withBounds({ strangerMessages: 5 });
  await receive(stranger, ...texts(12));
  await receive(other, ...texts(3));
  await receive(friend, ...texts(30));
  expect(await from(agent, other)).toEqual(texts(3));
  expect(await from(agent, friend)).toEqual(texts(30));
});

test('sends no receipt for dropped messages, now or later', async () => {
  const { world, agent, stranger, receive } = await withBounds({ strangerMessages: 5 });
  const mids = texts(12, 'message-');
  await receive(stranger, ...mids.map((mid) => ({ type: 'text', body: mid, mid })));
  await world.clock.advance(10 * MINUTE);
  await agent.markRead({ all: true });
  await world.clock.advance(10 * MINUTE);
  const named = stranger.opened(world.relay.offered).flatMap(({ msgIds }) => (msgIds as string[]) ?? []);
  expect(new Set(named)).toEqual(new Set(mids.slice(0, 5)));
});

test('reading messages makes room again', async () => {
  const { world, agent, stranger, receive } = await withBounds({ strangerMessages: 5 });
  await receive(stranger, ...texts(12));
  await agent.markRead({ all: true });
  await world.clock.advance(3_000);
  await receive(stranger, 'after');
  expect(await from(agent, stranger)).toEqual([...texts(5), 'after']);
});

test('counts bytes, including those of data', async () => {
  const { agent, stranger, receive } = await withBounds({ strangerBytes: 1_000 });
  await receive(stranger, 'é'.repeat(300), 'b'.repeat(500), 'c'.repeat(300));
  expect((await from(agent, stranger)).map((text) => text[0])).toEqual(['é', 'c']);
  await receive(stranger, { type: 'task', body: '', action: 'x'.repeat(500) });
  expect(await agent.refused()).toMatchObject({ stranger_quota: 2 });
});

test('limits all strangers together, however many keys they make up, but not contacts', async () => {
  const { world, agent, friend, receive } = await withBounds({ strangersMessages: 10 });
  for (let n = 0; n < 15; n++) await receive(world.fakePeer(`sybil ${n}`), 'hi');
  await receive(friend, 'hi');
  expect((await agent.getStatus({})).unread_count).toBe(11);
  expect(await from(agent, friend)).toEqual(['hi']);
  expect(await agent.refused()).toMatchObject({ stranger_quota: 5 });
});

test('a stranger our agent writes to has no quota from then on, even if it was full', async () => {
  const { agent, stranger, receive } = await withBounds({ strangerMessages: 5 });
  await receive(stranger, ...texts(12));
  await agent.sendMessage({ to: stranger.pubkey, content: 'yes?' });
  await receive(stranger, ...texts(3, 'answer '));
  expect(await from(agent, stranger)).toEqual([...texts(5), ...texts(3, 'answer ')]);
});

test('the quota holds across a restart, also for messages sent meanwhile', async () => {
  const { world, agent, stranger, receive } = await withBounds({ strangerMessages: 5 });
  await receive(stranger, ...texts(3));
  await agent.stop();
  for (const text of texts(10, 'later ')) {
    world.relay.keep(
      stranger.dm(agent.pubkey, text, { created_at: Math.floor(world.clock.now() / 1000) + 60 }),
    );
  }
  await world.clock.advance(5 * MINUTE);
  const again = await world.start({ disk: agent.disk, bounds: { strangerMessages: 5 } });
  await settle(world.clock);
  expect(await from(again, stranger)).toHaveLength(5);
});

test('does not decrypt copies of a dropped gift wrap', async () => {
  const world = createTestMesh('ws://127.0.0.1:1', 'ws://127.0.0.1:2');
  const agent = await world.start({ bounds: { strangerMessages: 1 } });
  const alice = await world.start({ name: 'alice' });
  await world.clock.advance(2_000);
  for (const text of texts(3)) await alice.sendMessage({ to: agent.pubkey, content: text });
  await world.clock.advance(1_000);
  expect((await agent.inbox()).map(({ content }) => content)).toEqual(['m0']);
  expect(await agent.refused()).toMatchObject({ stranger_quota: 2 });
});

test('limits the number of peers: the least recently seen strangers are forgotten', async () => {
  const { world, agent, friend } = await withBounds({ peers: 6, peersEvicted: 2 });
  for (let n = 0; n < 20; n++) {
    await world.clock.advance(1_000);
    world.relay.push(world.fakePeer(`passer-by ${n}`).presence());
    await settle(world.clock);
    expect((await agent.getStatus({})).known_peer_count).toBeLessThanOrEqual(6);
  }
  expect(await agent.peer(world.fakePeer('passer-by 19').pubkey)).toMatchObject({ trust: 'stranger' });
  expect(await agent.peer(friend.pubkey)).toMatchObject({ trust: 'contact' });
});

test('forgets the relay lists of forgotten peers', async () => {
  const { world, agent } = await withBounds({ peers: 6, peersEvicted: 2 });
  const passersBy = Array.from({ length: 20 }, (_, n) => world.fakePeer(`passer-by ${n}`));
  for (const one of passersBy) {
    await world.clock.advance(1_000);
    world.relay.push(one.presence());
    world.relay.push(one.sign({ kind: 10_050, tags: [['relay', 'wss://a.test']] }));
    await settle(world.clock);
  }
  const kept = agent.store.peek(({ peers, relayLists }) =>
    passersBy.map(({ pubkey }) => [peers.get(pubkey) !== null, relayLists.get(pubkey, 10_050) !== null]),
  );
  expect(kept.filter(([, hasList]) => hasList).length).toBeGreaterThan(0);
  expect(kept.filter(([isKnown, hasList]) => hasList && !isKnown)).toEqual([]);
});

test('never forgets peers that are contacts, blocked, named, written to, or have written to us', async () => {
  const { world, agent, friend, stranger, other, receive } = await withBounds({ peers: 8, peersEvicted: 2 });
  const [blocked, named] = [world.fakePeer('blocked'), world.fakePeer('named')];
  world.relay.push(blocked.presence());
  await settle(world.clock);
  await agent.updatePeer({ pubkey: blocked.pubkey, trust: 'blocked' });
  await agent.addPeer({ pubkey: named.pubkey, alias: 'named' });
  await agent.sendMessage({ to: stranger.pubkey, content: 'hi' });
  await receive(other, 'hi');
  for (let n = 0; n < 30; n++) {
    await world.clock.advance(1_000);
    world.relay.push(world.fakePeer(`passer-by ${n}`).presence());
    await settle(world.clock);
  }
  const kept = [friend, blocked, named, stranger, other].map(({ pubkey }) => agent.peer(pubkey));
  expect((await Promise.all(kept)).map(({ trust }) => trust)).toEqual([
    ...['contact', 'blocked', 'stranger', 'stranger', 'stranger'],
  ]);
  expect((await agent.getStatus({})).known_peer_count).toBeLessThanOrEqual(8);
});

test('if no peer may be forgotten, new presences are refused, but a peer that writes is stored', async () => {
  const { world, agent, friend, stranger, other, receive } = await withBounds({ peers: 2, peersEvicted: 1 });
  await agent.updatePeer({ pubkey: stranger.pubkey, trust: 'contact' });
  world.relay.push(world.fakePeer('passer-by').presence());
  await settle(world.clock);
  expect(await agent.refused()).toMatchObject({ peers_full: 1 });
  await receive(other, 'let me in');
  expect((await agent.peers()).map(({ pubkey }) => pubkey).sort()).toEqual(
    [friend, stranger, other].map(({ pubkey }) => pubkey).sort(),
  );
});

test('strangers whose messages were read can be forgotten for new peers', async () => {
  const { world, agent, receive } = await withBounds({ peers: 6, peersEvicted: 2 });
  for (let n = 0; n < 8; n++) await receive(world.fakePeer(`sybil ${n}`), 'hi');
  await agent.markRead({ all: true });
  await world.clock.advance(5_000);
  const newcomer = world.fakePeer('newcomer');
  world.relay.push(newcomer.presence());
  await settle(world.clock);
  expect(await agent.peer(newcomer.pubkey)).toMatchObject({ trust: 'stranger' });
});
