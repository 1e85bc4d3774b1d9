import { type Filter, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import type { FakePeer } from './support/fake-peer.ts';
import type { MemoryRelay } from './support/memory-relay-network.ts';
import { copyDisk } from './support/memory-store.ts';
import { createTestMesh, settle, type TestAgent, type TestMesh } from './support/test-agent.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const ONE = 'wss://one.test';
const TWO = 'wss://two.test';
/** Of this, 0.6 MB are for relays that are followed as a whole: eleven agents. */
const small = { discovery_budget_mb_per_day: 1, presence_kinds: [31337 as const] };

/** Agents that announce themselves every five minutes, each at its own moment, on these relays. */
function crowd(world: TestMesh, count: number, relays: readonly MemoryRelay[] = [world.relay]) {
  const peers = Array.from({ length: count }, (_, n) => world.fakePeer(`agent ${n}`));
  const announce = (who: FakePeer): void => {
    const event = who.presence();
    for (const relay of relays) relay.send(event);
  };
  for (const [n, who] of peers.entries()) {
    const event = who.presence({ createdAtSec: Math.floor(world.clock.now() / 1000 - (n * 300) / count) });
    for (const relay of relays) relay.keep(event);
  }
  return {
    peers,
    /** Lets time pass, in which they announce themselves. */
    async live(minutes: number): Promise<void> {
      for (let step = 0; step < minutes * 6; step++) {
        for (const [n, who] of peers.entries()) if (n % 30 === step % 30) announce(who);
        await world.clock.advance(10 * SECOND);
      }
    },
  };
}

const presenceQueries = (relay: MemoryRelay): Filter[] =>
  relay.queries.filter((filter) => filter.kinds?.includes(kinds.presence));
const discoveryOf = async (agent: TestAgent) => (await agent.getStatus({})).discovery;

test('follows everyone while that is within the budget, and says what it costs', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: { ...small, discovery_budget_mb_per_day: 50 } });
  await crowd(world, 20).live(60);
  const { mode, sampled_relays: sampled, mesh, last_hour: hour, last_day: day } = await discoveryOf(agent);
  expect({ mode, sampled }).toEqual({ mode: 'all', sampled: [] });
  expect(Math.abs((mesh?.agents ?? 0) - 21)).toBeLessThanOrEqual(mesh?.error ?? 0);
  // Twelve announcements of each, and of its own.
  expect(hour.events).toBeGreaterThan(21 * 11);
  expect(hour.bytes).toBeGreaterThan(hour.events * 300);
  expect(day.bytes).toBeGreaterThanOrEqual(hour.bytes);
});

test('over the budget it takes samples, says so, and stays within it', async () => {
  const world = createTestMesh();
  const budgetMb = 4;
  const agent = await world.start({ config: { ...small, discovery_budget_mb_per_day: budgetMb } });
  const mesh = crowd(world, 120);
  await mesh.live(10);
  expect(agent.log.lines).toContainEqual(expect.objectContaining({ message: 'discovery samples a relay' }));
  const before = await discoveryOf(agent);
  expect(before).toMatchObject({ mode: 'sampled', sampled_relays: [world.relay.url] });
  // They announce themselves four at a time, which is less even than the error allows for.
  expect(Math.abs((before.mesh?.agents ?? 0) - 121)).toBeLessThanOrEqual(2 * (before.mesh?.error ?? 0));
  world.relay.queries.length = 0;
  await mesh.live(20);
  const { last_day: after } = await discoveryOf(agent);
  // Twenty minutes' part of a day's budget.
  expect(after.bytes - before.last_day.bytes).toBeLessThan((budgetMb * 1_000_000) / 72);
  for (const filter of presenceQueries(world.relay)) expect(filter.limit).toBeLessThan(40);
});

test('a sampled relay that can count says how many agents it has, and a lie is ignored', async () => {
  const world = createTestMesh();
  world.relay.info = { supportedNips: [1, 11, 45], limitation: {} };
  world.relay.onCount = () => ({ count: 123, isApproximate: false, registers: null });
  const agent = await world.start({ config: small });
  const mesh = crowd(world, 120);
  await mesh.live(6);
  expect((await discoveryOf(agent)).mesh).toEqual({ agents: 123, error: 0, method: 'count' });
  world.relay.onCount = () => ({ count: 5_000_000, isApproximate: false, registers: null });
  await mesh.live(12);
  expect((await discoveryOf(agent)).mesh).toMatchObject({ method: 'pages' });
});

test('contacts and peers it wrote to are followed on a sampled relay, from the next scan on', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: small });
  const mesh = crowd(world, 100);
  await mesh.live(5);
  const [friend, written, stranger] = mesh.peers as [FakePeer, FakePeer, FakePeer];
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  await agent.sendMessage({ to: written.pubkey, content: 'hi' });
  await world.clock.advance(2 * MINUTE + SECOND);
  for (const who of [friend, written, stranger])
    world.relay.send(
      who.presence({ name: 'renamed', createdAtSec: Math.floor(world.clock.now() / 1000) + 1 }),
    );
  await settle(world.clock);
  const names = async (who: FakePeer) => (await agent.peer(who.pubkey)).name;
  expect([await names(friend), await names(written), await names(stranger)]).toEqual([
    'renamed',
    'renamed',
    null,
  ]);
});

test('a contact that goes offline is offline at once, although its relay is sampled', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: small });
  const mesh = crowd(world, 100);
  const [friend] = mesh.peers as [FakePeer];
  await mesh.live(5);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  await mesh.live(6);
  expect(await agent.peer(friend.pubkey)).toMatchObject({ online: true });
  const newest = world.relay.stored.find(
    (event) => (event as NostrEvent).pubkey === friend.pubkey,
  ) as NostrEvent;
  world.relay.send(friend.presence({ offline: true, createdAtSec: newest.created_at + 1 }));
  await settle(world.clock);
  expect(await agent.peer(friend.pubkey)).toMatchObject({ online: false });
});

test('the first relay of the list is followed as a whole, and others only as far as the budget goes', async () => {
  const world = createTestMesh(ONE, TWO);
  const agent = await world.start({ config: { ...small, discovery_budget_mb_per_day: 10 } });
  await crowd(world, 30, world.mesh.relays).live(10);
  expect(await discoveryOf(agent)).toMatchObject({ mode: 'sampled', sampled_relays: [TWO] });
});

test('sampled relays are asked in turn, one at each scan', async () => {
  const world = createTestMesh(ONE, TWO);
  const agent = await world.start({ config: small });
  const mesh = crowd(world, 60, world.mesh.relays);
  await mesh.live(10);
  expect((await discoveryOf(agent)).sampled_relays).toEqual([ONE, TWO]);
  for (const relay of world.mesh.relays) relay.queries.length = 0;
  await mesh.live(20);
  const [one = 0, two = 0] = world.mesh.relays.map((relay) => presenceQueries(relay).length);
  expect([one, two]).toEqual([5, 5]);
});

test('when the mesh has become small again, everyone is followed again', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: small });
  await crowd(world, 100).live(5);
  expect((await discoveryOf(agent)).mode).toBe('sampled');
  world.relay.stored.length = 0;
  await world.clock.advance(60 * MINUTE);
  expect((await discoveryOf(agent)).mode).toBe('all');
  world.relay.send(world.fakePeer('newcomer').presence({ name: 'newcomer' }));
  await settle(world.clock);
  expect((await agent.peers())[0]).toMatchObject({ name: 'newcomer' });
});

test('a relay that floods the subscription is sampled before it has cost a day, and its contacts are still followed', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: small });
  const friend = world.fakePeer('friend');
  world.relay.send(friend.presence());
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  await world.clock.advance(3 * MINUTE);
  const real = friend.presence();
  for (let n = 0; n < 2_000; n++) {
    const hex = (n + 1).toString(16).padStart(64, '0');
    world.relay.send({ ...real, id: hex, pubkey: hex as NostrEvent['pubkey'] });
    if (n % 100 === 0) await settle(world.clock);
  }
  await settle(world.clock);
  const { mode, last_day } = await discoveryOf(agent);
  expect(mode).toBe('sampled');
  expect(last_day.bytes).toBeLessThan(500_000);
  world.relay.send(
    friend.presence({ name: 'still here', createdAtSec: Math.floor(world.clock.now() / 1000) + 1 }),
  );
  await settle(world.clock);
  expect(await agent.peer(friend.pubkey)).toMatchObject({ name: 'still here' });
});

test('another daemon with our key is noticed on a sampled relay', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: small });
  await crowd(world, 100).live(5);
  expect((await discoveryOf(agent)).mode).toBe('sampled');
  await world.start({ disk: copyDisk(agent.disk), config: small });
  await settle(world.clock);
  expect((await agent.getStatus({})).reasons).toMatchObject([{ code: 'twin' }]);
});
