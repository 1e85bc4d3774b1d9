import { type NostrEvent, tagValue } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import type { MemoryRelay } from './support/memory-relay-network.ts';
import { createTestMesh, settle, type TestMesh } from './support/test-agent.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const nowSec = (world: TestMesh): number => Math.floor(world.clock.now() / 1000);

/** The newest presences of a mesh of so many agents that announce themselves this often: one page, as a relay sends it. */
function pageOf(world: TestMesh, agents: number, everySec: number, events: number): NostrEvent[] {
  const spanSec = (events * everySec) / agents;
  return Array.from({ length: events }, (_, n) => {
    const createdAtSec = nowSec(world) - Math.floor((n * spanSec) / events);
    return world.fakePeer(`agent ${n}`).presence({ createdAtSec, expiration: createdAtSec + 3 * everySec });
  });
}

/** Starts an agent that finds such a mesh on each of its relays, and lives with it for some hours. */
async function among(agents: number, everySec: number, urls: string[], hours = 2) {
  const world = createTestMesh(...urls);
  const keep = (relay: MemoryRelay, page: NostrEvent[]): void => {
    relay.stored.length = 0;
    relay.keep(...page);
    // A relay with so many has more behind them.
    relay.maxRows = page.length;
  };
  const first = pageOf(world, agents, everySec, 60);
  for (const relay of world.mesh.relays) keep(relay, first);
  const agent = await world.start({ config: { presence_kinds: [31337] } });
  await world.clock.advance(119_000);
  for (const relay of world.mesh.relays) relay.offered.length = 0;
  for (let minute = 0; minute < hours * 60; minute += 2) {
    const page = pageOf(world, agents, everySec, agents < 120 ? 40 : 60);
    for (const relay of world.mesh.relays) keep(relay, page);
    await world.clock.advance(2 * MINUTE);
  }
  const announced = world.mesh.relays.map((relay) => relay.offered.filter(({ kind }) => kind === 31337));
  return { world, agent, announced, hours };
}

const lifetimeOf = (event: NostrEvent | undefined): number =>
  event === undefined ? 0 : Number(tagValue(event, 'expiration')) - event.created_at;

test('in a small mesh it announces itself every five minutes, for fifteen', async () => {
  const { announced } = await among(40, 300, ['wss://one.test'], 1);
  expect(announced[0]).toHaveLength(12);
  expect(lifetimeOf(announced[0]?.at(-1))).toBe(900);
});

test('among 10,000 agents it announces itself every 20 minutes or so, and its presence counts three times as long', async () => {
  const { announced, hours } = await among(10_000, 1_200, ['wss://one.test']);
  const [own = []] = announced;
  expect(own.length).toBeGreaterThanOrEqual(hours * 2);
  expect(own.length).toBeLessThanOrEqual(hours * 4);
  expect(lifetimeOf(own.at(-1))).toBeGreaterThanOrEqual(3 * 900);
});

test('in a very large mesh it announces itself on some relays only, always the same, and its relay list says which', async () => {
  const urls = ['wss://one.test', 'wss://two.test', 'wss://three.test', 'wss://four.test', 'wss://five.test'];
  const { world, agent, announced } = await among(100_000, 3_600, urls, 1.2);
  const chosen = urls.filter((_, n) => (announced[n]?.length ?? 0) > 0);
  expect(chosen.length).toBeGreaterThanOrEqual(1);
  expect(chosen.length).toBeLessThan(urls.length);
  const newest = announced.flat().at(-1);
  expect(newest?.tags).toContainEqual(['copies', expect.any(String), '5']);
  expect(lifetimeOf(newest)).toBe(10_800);
  const list = world.relay.stored.concat(agent.published(10_002)).findLast((event) => {
    return (event as NostrEvent).kind === 10_002;
  }) as NostrEvent;
  const written = list.tags
    .filter(([name, , marker]) => name === 'r' && marker !== 'read')
    .map(([, url]) => url);
  expect(written.sort()).toEqual([...chosen].sort());
  expect(list.tags.filter(([name]) => name === 'r')).toHaveLength(5);
});

test('believes a presence for as long as it says, up to three hours', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const [patient, boaster, silent] = ['patient', 'boaster', 'silent'].map((name) => world.fakePeer(name));
  if (!patient || !boaster || !silent) throw new Error('three peers');
  world.relay.send(patient.presence({ expiration: nowSec(world) + 3_600 }));
  world.relay.send(boaster.presence({ expiration: nowSec(world) + 86_400 }));
  world.relay.send(silent.presence());
  await settle(world.clock);
  const online = async () =>
    (await agent.listPeers({ online: true })).items.map(({ pubkey }) => pubkey).sort();
  await world.clock.advance(16 * MINUTE);
  expect(await online()).toEqual([patient.pubkey, boaster.pubkey].sort());
  expect(await agent.peer(silent.pubkey)).toMatchObject({ online: false });
  expect((await agent.getStatus({})).peer_count).toBe(2);
  await world.clock.advance(HOUR);
  expect(await online()).toEqual([boaster.pubkey]);
  await world.clock.advance(2 * HOUR);
  expect(await online()).toEqual([]);
});

test('a presence that counts for less than the online window does not take a peer offline sooner', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const hasty = world.fakePeer('hasty');
  world.relay.send(hasty.presence({ expiration: nowSec(world) + 60 }));
  await settle(world.clock);
  await world.clock.advance(10 * MINUTE);
  expect(await agent.peer(hasty.pubkey)).toMatchObject({ online: true });
});

test('an offline presence ends a long one at once', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const patient = world.fakePeer('patient');
  world.relay.send(patient.presence({ expiration: nowSec(world) + 3_600 }));
  await settle(world.clock);
  world.relay.send(patient.presence({ offline: true, createdAtSec: nowSec(world) + 1 }));
  await settle(world.clock);
  expect(await agent.peer(patient.pubkey)).toMatchObject({ online: false });
});
