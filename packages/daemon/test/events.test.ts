import type { StreamEvent } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { eventLimits } from '../src/core/events/limits.ts';
import { readEvents } from './support/event-reader.ts';
import { modern } from './support/fake-peer.ts';
import { reject } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

const MINUTE = 60_000;

const dataOf = (seen: readonly StreamEvent[], event: StreamEvent['event']) =>
  seen.filter((one) => one.event === event).map((one) => one.data);

test('reports everything from discovery to the first message of two agents, in the schemas of REST', async () => {
  const world = createTestMesh();
  const alice = await world.start({ name: 'alice' });
  const reader = readEvents(alice);
  const bob = await world.start({ name: 'bob' });
  await world.clock.advance(1_000);
  expect(reader.seen.map(({ event }) => event)).toEqual([
    'peer.discovered',
    'peer.online',
    'peer.handshaked',
  ]);
  const { reachability: _, ...asListed } = await alice.peer(bob.pubkey);
  for (const data of dataOf(reader.seen, 'peer.handshaked')) expect(data).toEqual(asListed);

  const { id } = await bob.sendMessage({ to: alice.pubkey, content: 'hello' });
  await world.clock.advance(1_000);
  expect(dataOf(reader.seen, 'message.received')).toEqual([await alice.getMessage({ id })]);
});

test('reports the delivery of our message, with the outcome of each relay', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const { alice, bob } = await startTwo(world);
  const reader = readEvents(alice, { types: 'message.state' });
  world.mesh.relay('wss://two.test').onPublish = () => reject('blocked: not you');
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'hello' });
  await world.clock.advance(1_000);
  await bob.markRead({ id });
  await world.clock.advance(1_000);
  const reported = dataOf(reader.seen, 'message.state');
  expect(reported).toMatchObject(
    ['published', 'delivered', 'read'].map((state) => ({ id, to: bob.pubkey, state })),
  );
  expect(reported.at(-1)).toMatchObject({ delivery: (await alice.getMessage({ id })).delivery });
  expect(reported.at(-1)).toMatchObject({
    delivery: { relays: [{ outcome: 'accepted' }, { outcome: 'rejected', reason: 'blocked: not you' }] },
  });
});

test('reports when a peer goes online and offline, by its presence and by its silence', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const reader = readEvents(agent);
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence());
  await settle(world.clock);
  expect(reader.fresh()).toEqual(['peer.discovered', 'peer.online']);
  // Still online: no event.
  await world.clock.advance(5 * MINUTE);
  world.relay.push(bob.presence());
  await world.clock.advance(15 * MINUTE);
  expect(reader.fresh()).toEqual([]);
  await world.clock.advance(30_000);
  expect(reader.fresh()).toEqual(['peer.offline']);
  world.relay.push(bob.dm(agent.pubkey, 'back again'));
  await settle(world.clock);
  expect(reader.fresh()).toEqual(['peer.online', 'peer.handshaked', 'message.received']);
  await world.clock.advance(1_000);
  world.relay.push(bob.presence({ offline: true }));
  await settle(world.clock);
  expect(reader.fresh()).toEqual(['peer.offline']);
});

test('a peer that was online when the daemon stopped causes no event at the start, but one when it goes offline', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence());
  await settle(world.clock);
  const disk = await agent.crash();
  const again = await world.start({ disk });
  const reader = readEvents(again);
  world.relay.push(bob.dm(again.pubkey, 'still here'));
  await settle(world.clock);
  expect(reader.fresh()).toEqual(['peer.handshaked', 'message.received']);
  await world.clock.advance(16 * MINUTE);
  expect(reader.fresh()).toEqual(['peer.offline']);
});

test('reports the state of relays, and changes of the status', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const reader = readEvents(agent);
  agent.network.disconnect();
  await world.clock.advance(20_000);
  expect(reader.seen).toMatchObject([
    { event: 'relay.state', data: { url: 'wss://one.test', role: 'own', state: 'disconnected' } },
    { event: 'status.changed', data: { degraded: true, reasons: [{ code: 'no_relay' }] } },
  ]);
  reader.fresh();
  agent.network.connect();
  await settle(world.clock);
  expect(reader.seen).toMatchObject([
    { event: 'relay.state', data: { state: 'connected' } },
    { event: 'status.changed', data: { degraded: false, reasons: [] } },
  ]);
});

test('reports the outcome of connecting to a relay, not the attempts', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const reader = readEvents(agent, { types: 'relay.state' });
  const states = () => reader.seen.splice(0).map(({ data }) => 'state' in data && data.state);
  for (const state of ['disconnected', 'connecting', 'disconnected', 'connecting', 'auth_failed'] as const) {
    agent.network.say('wss://one.test', { state });
  }
  await settle(world.clock);
  expect(states()).toEqual(['disconnected', 'auth_failed']);
  // Removed and added again: earlier reports do not count.
  await agent.removeRelay({ url: 'wss://one.test' });
  await agent.addRelay({ url: 'wss://one.test' });
  agent.network.say('wss://one.test', { state: 'connected' });
  await settle(world.clock);
  expect(states().at(-1)).toBe('connected');
});

test('a reader that reconnects gets every event it missed, in order and once', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const all = readEvents(alice);
  const first = readEvents(alice);
  await settle(world.clock);
  await bob.sendMessage({ to: alice.pubkey, content: 'one' });
  await world.clock.advance(1_000);
  await first.leave();
  await bob.sendMessage({ to: alice.pubkey, content: 'two' });
  await world.clock.advance(1_000);
  const second = readEvents(alice, { last_event_id: first.position() });
  await bob.sendMessage({ to: alice.pubkey, content: 'three' });
  await world.clock.advance(1_000);
  expect([...first.seen, ...second.seen]).toEqual(all.seen);
  expect(dataOf(all.seen, 'message.received')).toMatchObject([
    { content: 'one' },
    { content: 'two' },
    { content: 'three' },
  ]);
});

test('a reader that missed more than is kept gets a reset, and continues with new events', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const first = readEvents(agent);
  await settle(world.clock);
  await first.leave();
  for (let i = 0; i < eventLimits.kept / 2; i++) {
    agent.network.disconnect();
    agent.network.connect();
  }
  const same = readEvents(agent, { last_event_id: first.position(), types: 'relay.state' });
  await settle(world.clock);
  expect(same.seen).toHaveLength(eventLimits.kept);
  agent.network.disconnect();
  const late = readEvents(agent, { last_event_id: first.position(), types: 'peer.online' });
  await settle(world.clock);
  world.relay.keep(world.fakePeer('bob').presence());
  agent.network.connect();
  await settle(world.clock);
  expect(late.seen).toMatchObject([
    { event: 'reset', data: { reason: 'too_old' } },
    { event: 'peer.online', data: { online: true } },
  ]);
});

test('after a restart, every earlier id gets the reset `restarted`', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const first = readEvents(agent);
  await settle(world.clock);
  await first.leave();
  const again = await world.start({ disk: await agent.crash() });
  const second = readEvents(again, { last_event_id: first.position(), types: 'peer.online' });
  await settle(world.clock);
  expect(second.seen).toMatchObject([{ event: 'reset', data: { reason: 'restarted' } }]);
  expect(second.position()).not.toBe(first.position());
});

test('skips events about things that no longer exist', async () => {
  const world = createTestMesh();
  const agent = await world.start({ bounds: { storedMessages: 2 } });
  const bob = world.fakePeer('bob');
  const first = readEvents(agent);
  await settle(world.clock);
  await first.leave();
  for (const content of ['one', 'two', 'three', 'four']) {
    world.relay.push(bob.dm(agent.pubkey, content));
    await settle(world.clock);
    await agent.markRead({ all: true });
  }
  const second = readEvents(agent, { last_event_id: first.position(), types: 'message.received' });
  await settle(world.clock);
  const { items } = await agent.listMessages({ order: 'asc' });
  expect(items.length).toBeLessThan(4);
  expect(dataOf(second.seen, 'message.received')).toEqual(items);
});

test('queries that the daemon answers by itself cause no events', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  const reader = readEvents(agent);
  world.relay.push(bob.dm(agent.pubkey, { type: 'ping', from: bob.pubkey, ts: world.clock.now() }));
  await settle(world.clock);
  expect(reader.fresh()).toEqual(['peer.handshaked']);
});

test('reports once when a request waits for the owner: a stranger wrote, or our agent wants to write to one', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const [writer, stranger] = [world.fakePeer('writer'), world.fakePeer('stranger')];
  world.relay.push(writer.presence({ features: modern }), stranger.presence({ features: modern }));
  await settle(world.clock);
  await agent.setPolicy({ strangers: 'ask', first_contact: 'ask' });
  const reader = readEvents(agent, { types: 'request.waiting' });
  world.relay.push(writer.dm(agent.pubkey, 'hello'));
  await settle(world.clock);
  for (let n = 0; n < 2; n++) {
    await expect(agent.sendMessage({ to: stranger.pubkey, content: 'hi' })).rejects.toThrow();
    await settle(world.clock);
  }
  expect(dataOf(reader.seen, 'request.waiting')).toMatchObject([
    { pubkey: writer.pubkey, trust: 'stranger' },
    { pubkey: stranger.pubkey, trust: 'stranger' },
  ]);
});
