import { type Filter, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { trustLimits } from '../src/core/trust/limits.ts';
import type { FakePeer } from './support/fake-peer.ts';
import type { MemoryRelay } from './support/memory-relay-network.ts';
import { createTestMesh, settle, type TestMesh } from './support/test-agent.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const ONE = 'wss://one.test';
const TWO = 'wss://two.test';

const nowSec = (world: TestMesh): number => Math.floor(world.clock.now() / 1000);

/** Presences of this many agents, spread evenly over the five minutes up to now. */
const crowd = (world: TestMesh, count: number, from = 0): NostrEvent[] =>
  Array.from({ length: count }, (_, n) =>
    world
      .fakePeer(`agent ${from + n}`)
      .presence({ createdAtSec: nowSec(world) - Math.floor((n * 300) / count) }),
  );

const presenceQueries = (relay: MemoryRelay): Filter[] =>
  relay.queries.filter((filter) => filter.kinds?.includes(kinds.presence) && !filter.authors);
const noteQueries = (relay: MemoryRelay): Filter[] =>
  relay.queries.filter((filter) => filter.kinds?.includes(kinds.note));

test('lists every agent of a relay that sends 500 at a time, before any of them announces itself again', async () => {
  const world = createTestMesh();
  world.relay.keep(...crowd(world, 1_100));
  const agent = await world.start();
  await world.clock.advance(5 * SECOND);
  expect(await agent.getStatus({})).toMatchObject({ known_peer_count: 1_100, refused_events: {} });
});

test('asks for a second that is longer than a page, and goes on with older ones', async () => {
  const world = createTestMesh();
  world.relay.maxRows = 50;
  const sameSecond = Array.from({ length: 80 }, (_, n) =>
    world.fakePeer(`twin ${n}`).presence({ createdAtSec: nowSec(world) - 30 }),
  );
  const older = Array.from({ length: 30 }, (_, n) =>
    world.fakePeer(`older ${n}`).presence({ createdAtSec: nowSec(world) - 60 - n }),
  );
  world.relay.keep(...sameSecond, ...older);
  const agent = await world.start();
  await world.clock.advance(SECOND);
  // Of one second a relay sends what it wants to send; the rest comes live with their next announcement.
  expect(await agent.getStatus({})).toMatchObject({ known_peer_count: 50 + 30 });
});

test('while the subscription works, a scan asks for a few of the newest, since the last one', async () => {
  const world = createTestMesh();
  world.relay.keep(...crowd(world, 600));
  await world.start({ config: { discovery_budget_mb_per_day: 1_000 } });
  await world.clock.advance(5 * SECOND);
  const startedSec = nowSec(world);
  world.relay.queries.length = 0;
  await world.clock.advance(2 * MINUTE);
  const [filter, ...others] = presenceQueries(world.relay);
  expect(others).toEqual([]);
  expect(filter?.limit).toBeLessThanOrEqual(10);
  expect(filter?.since).toBeGreaterThanOrEqual(startedSec - 5 * 60 - 10);
});

test('a scan finds all that a silent subscription missed, however many they are', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  await world.clock.advance(2 * MINUTE);
  world.relay.keep(...crowd(world, 520));
  await world.clock.advance(2 * MINUTE + SECOND);
  expect(await agent.getStatus({})).toMatchObject({ known_peer_count: 520 });
});

test('after an interruption it looks back as far as at the start', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  await world.clock.advance(MINUTE);
  agent.network.disconnect();
  world.relay.keep(world.fakePeer('early').presence({ createdAtSec: nowSec(world) - 14 * 60 }));
  agent.network.connect();
  await settle(world.clock);
  expect(await agent.peers()).toHaveLength(1);
});

test('a scan that broke off does not count: the next one goes back to where the last complete one began', async () => {
  const world = createTestMesh();
  world.relay.completes = false;
  const agent = await world.start();
  await world.clock.advance(2 * MINUTE);
  world.relay.completes = true;
  world.relay.keep(world.fakePeer('early').presence({ createdAtSec: nowSec(world) - 12 * 60 }));
  await world.clock.advance(2 * MINUTE);
  expect(await agent.getStatus({})).toMatchObject({ known_peer_count: 1 });
});

test('a relay with endless presences is asked for a bounded number of pages', async () => {
  const world = createTestMesh();
  const real = world.fakePeer('real').presence();
  let made = 0;
  const agent = await world.start();
  await world.clock.advance(MINUTE);
  world.relay.queries.length = 0;
  agent.network.query = async (_url, filters) => {
    world.relay.queries.push(...filters);
    const events = Array.from({ length: 500 }, () => {
      const hex = (++made).toString(16).padStart(64, '0');
      return { ...real, id: hex, pubkey: hex, created_at: nowSec(world) };
    });
    return {
      complete: true,
      events,
      tooLarge: false,
      rows: 500,
      bytes: 300_000,
      ignoresUntil: true,
      hint: null,
    };
  };
  await world.clock.advance(4 * MINUTE);
  expect(presenceQueries(world.relay).length).toBeLessThanOrEqual(2 * 20);
});

test('made-up keys in answers to scans are checked up to half a book at once, then ten a second', async () => {
  const world = createTestMesh(ONE, TWO);
  const agent = await world.start();
  await world.clock.advance(MINUTE);
  const real = world.fakePeer('real').presence();
  const forged = Array.from({ length: 6_500 }, (_, n) => {
    const hex = (n + 1).toString(16).padStart(64, '0');
    return { ...real, id: hex, pubkey: hex, created_at: nowSec(world) - Math.floor(n / 100) };
  });
  world.mesh.relay(ONE).keep(...forged);
  world.mesh.relay(TWO).keep(world.fakePeer('newcomer').presence({ name: 'newcomer' }));
  await world.clock.advance(2 * MINUTE);
  const checked = agent.network.reports.filter(({ offence }) => offence === 'forged').length;
  const { burst } = trustLimits.verifications.listedPeers;
  expect(checked).toBeGreaterThan(burst - 500);
  expect(checked).toBeLessThanOrEqual(burst + 100);
  expect((await agent.peers()).map(({ name }) => name)).toEqual(['newcomer']);
});

test('a first scan of thousands of agents greets no more of them than before, and looks at few for it', async () => {
  const world = createTestMesh();
  world.relay.keep(...crowd(world, 520));
  await world.start();
  await world.clock.advance(10 * SECOND);
  expect(world.relay.offered.filter(({ kind }) => kind === 4)).toHaveLength(6);
});

/** Keeps announcing these agents on the relay, live, every five minutes and in these kinds. */
async function announceFor(
  world: TestMesh,
  minutes: number,
  agents: readonly { readonly who: FakePeer; readonly in: readonly (1 | 31337)[] }[],
): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    if (minute % 5 === 0) {
      for (const { who, in: announced } of agents) {
        for (const kind of announced) world.relay.send(who.presence({ kind }));
      }
    }
    await world.clock.advance(MINUTE);
  }
}

test('notes of agents that announce themselves in both kinds are neither subscribed to nor part of each scan', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: { presence_kinds: [31337] } });
  const both = Array.from({ length: 5 }, (_, n) => ({
    who: world.fakePeer(`${n}`),
    in: [31337, 1] as const,
  }));
  await announceFor(world, 60, both);
  expect(noteQueries(world.relay).length).toBeLessThanOrEqual(7);
  expect(await agent.getStatus({})).toMatchObject({ peer_count: 5, known_peer_count: 5 });
});

test('an agent that announces itself in notes only is found within ten minutes, and stays online', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: { presence_kinds: [31337] } });
  const noted = world.fakePeer('noted');
  await announceFor(world, 11, [{ who: noted, in: [1] }]);
  for (let round = 0; round < 20; round++) {
    expect(await agent.peer(noted.pubkey)).toMatchObject({ online: true });
    await announceFor(world, 30, [{ who: noted, in: [1] }]);
  }
});

test('agents that are only on the second relay are all listed, though their newest page was read before', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const peers = Array.from({ length: 80 }, (_, n) => world.fakePeer(`agent ${n}`));
  for (const [n, who] of peers.entries()) {
    const relay = world.mesh.relays[n % 2];
    relay?.keep(who.presence({ createdAtSec: Math.floor(world.clock.now() / 1000) - n }));
  }
  // Two pages each.
  for (const relay of world.mesh.relays) relay.maxRows = 20;
  const agent = await world.start();
  await settle(world.clock);
  expect((await agent.getStatus({})).known_peer_count).toBe(80);
});
