import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { accept, type Reaction, reject } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo, type TestMesh } from './support/test-agent.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ONE = 'wss://one.test';
const TWO = 'wss://two.test';
const private_ = [...modern, 'nip17'];

/** A relay that takes only dates within these limits, by its own clock. */
const takes =
  (world: TestMesh, olderSec: number, newerSec: number, reason: string, offMs = 0) =>
  ({ created_at }: NostrEvent): Reaction => {
    const ageSec = Math.floor((world.clock.now() + offMs) / 1000) - created_at;
    return ageSec > olderSec || -ageSec > newerSec ? reject(reason) : accept;
  };

const isDm = ({ kind }: NostrEvent) => kind === kinds.giftWrap || kind === kinds.encryptedDm;

/** Returns how often each direct message was offered to the first relay, for all agents together. */
const writes = (world: TestMesh): number => world.relay.offered.filter(isDm).length;

test.each([
  ['invalid: created_at too far in the past', 900, 900],
  ['invalid: event too much in the past', 900, 900],
  ['invalid: event creation date is too far off from the current time', 60, 60],
  ['blocked: stale event', 60, 60],
])(
  'on a relay that says %j, a message, hellos and a receipt arrive in few writes',
  async (reason, ...seconds) => {
    const world = createTestMesh(ONE);
    world.relay.onPublish = takes(world, ...seconds, reason);
    const { alice, bob } = await startTwo(world);
    await world.clock.advance(MINUTE);
    expect((await alice.peer(bob.pubkey)).handshake).toBe('acknowledged');
    // Two hellos.
    expect(writes(world)).toBeLessThanOrEqual(6);
    world.relay.offered.length = 0;
    const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'x' });
    await settle(world.clock);
    expect((await alice.getMessage({ id })).delivery.state).toBe('published');
    await world.clock.advance(1_000);
    expect((await alice.getMessage({ id })).delivery.state).toBe('delivered');
    await bob.markRead({ all: true });
    await world.clock.advance(1_000);
    expect((await alice.getMessage({ id })).delivery.state).toBe('read');
    // The relay is known by now: one write each for the message and the two receipts.
    expect(writes(world)).toBe(3);
  },
);

test('a relay that wants fresh dates is remembered over a restart; without it, gift wraps are back-dated', async () => {
  const world = createTestMesh(ONE, TWO);
  world.mesh.relay(ONE).onPublish = takes(world, 900, 900, 'invalid: created_at too early');
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: private_ }));
  await world.clock.advance(MINUTE);
  const send = async (from: typeof agent, count: number) => {
    for (const relay of world.mesh.relays) relay.offered.length = 0;
    for (let n = 0; n < count; n++) await from.sendMessage({ to: bob.pubkey, content: `${n}` });
    await world.clock.advance(10_000);
    return world.mesh.relays.map((relay) => relay.offered.filter(isDm));
  };
  await send(agent, 1);
  await agent.stop();
  const again = await world.start({ disk: agent.disk });
  const [one = [], two = []] = await send(again, 5);
  expect(one).toHaveLength(5);
  // The same bytes for both.
  expect(two).toEqual(one);
  expect((await again.listRelays({})).map(({ url, dates }) => [url, dates])).toEqual([
    [ONE, 'fresh'],
    [TWO, 'any'],
  ]);
  await again.removeRelay({ url: ONE });
  const [, only = []] = await send(again, 20);
  const ages = only.map(({ created_at }) => world.clock.now() - created_at * 1000);
  expect(Math.max(...ages)).toBeGreaterThan(HOUR);
});

test('a relay that refuses every date is named, and gets one attempt per back-off', async () => {
  const world = createTestMesh(ONE);
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: private_ }));
  await world.clock.advance(MINUTE);
  world.relay.onPublish = () => reject('invalid: created_at too late');
  world.relay.offered.length = 0;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(900);
  expect(writes(world)).toBeLessThanOrEqual(2);
  const { delivery } = await agent.getMessage({ id });
  expect(delivery).toMatchObject({ state: 'queued', relays: [{ outcome: 'rejected' }] });
  expect(delivery.next_attempt_at).not.toBeNull();
  expect(await agent.listRelays({})).toMatchObject([{ url: ONE, dates: 'none' }]);
  await world.clock.advance(HOUR);
  expect(writes(world)).toBeLessThanOrEqual(20);
  world.relay.onPublish = () => accept;
  await world.clock.advance(10 * MINUTE);
  expect((await agent.getMessage({ id })).delivery.state).toBe('published');
  expect(await agent.listRelays({})).toMatchObject([{ url: ONE, dates: 'any' }]);
});

test('a relay that refuses every date is named by the status too, before any message meets it', async () => {
  const world = createTestMesh(ONE, TWO);
  world.mesh.relay(TWO).onPublish = ({ kind }) =>
    kind === 1059 ? reject('invalid: created_at too late') : accept;
  const agent = await world.start();
  await world.clock.advance(2 * MINUTE);
  expect(await agent.listRelays({})).toMatchObject([{ dates: 'any' }, { url: TWO, dates: 'none' }]);
  const warnings = async () => (await agent.getStatus({})).warnings;
  expect(await warnings()).toMatchObject([
    { code: 'dates_refused', message: expect.stringContaining('wss://two.test refuses') },
  ]);
  world.mesh.relay(TWO).onPublish = () => accept;
  await world.clock.advance(HOUR);
  expect(await warnings()).toEqual([]);
});

test('a relay that refuses every date gets no more attempts once another relay has the message', async () => {
  const world = createTestMesh(ONE, TWO);
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: private_ }));
  await world.clock.advance(MINUTE);
  world.relay.onPublish = () => reject('invalid: created_at too late');
  world.relay.offered.length = 0;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(HOUR);
  expect((await agent.getMessage({ id })).delivery.state).toBe('published');
  expect(writes(world)).toBeLessThanOrEqual(4);
});

test.each(['rate-limited: too many events in the past minute', 'pow: difficulty too late'])(
  '%j is no refusal of a date',
  async (reason) => {
    const world = createTestMesh(ONE);
    const agent = await world.start();
    const bob = world.fakePeer('bob');
    world.relay.push(bob.presence({ features: private_ }));
    await world.clock.advance(MINUTE);
    world.relay.onPublish = () => reject(reason);
    await agent.sendMessage({ to: bob.pubkey, content: 'x' });
    await world.clock.advance(1_000);
    expect(await agent.listRelays({})).toMatchObject([{ dates: 'any' }]);
  },
);

test.each([
  [DAY, modern],
  [-DAY, modern],
  [DAY, private_],
  [-DAY, private_],
  [HOUR, ['messaging']],
  [-400 * DAY, private_],
])('with a clock that is off by %s ms, a message is signed by the relays’ time', async (offMs, features) => {
  const world = createTestMesh(ONE);
  world.relay.onPublish = takes(world, (3 * DAY) / 1000, 900, 'invalid: created_at out of range', -offMs);
  world.relay.clockOffsetMs = -offMs;
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  // By the right time.
  const nowSec = Math.floor((world.clock.now() - offMs) / 1000);
  world.relay.push(bob.presence({ features, createdAtSec: nowSec }));
  await world.clock.advance(MINUTE);
  world.relay.offered.length = 0;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(1_000);
  expect((await agent.getStatus({})).reasons).toMatchObject([{ code: 'clock_off' }]);
  expect((await agent.getMessage({ id })).delivery.state).toBe('published');
  expect(writes(world)).toBeLessThanOrEqual(2);
});

test.each([DAY, -DAY])(
  'with a clock that is off by %s ms and relays that do not tell the time, a message waits until it is set',
  async (offMs) => {
    const world = createTestMesh(ONE, TWO);
    for (const relay of world.mesh.relays) {
      relay.onPublish = (event) =>
        takes(world, 900, 900, 'invalid: created_at out of range', -wrongMs)(event);
    }
    let wrongMs = offMs;
    const agent = await world.start();
    const bob = world.fakePeer('bob');
    await agent.addPeer({ pubkey: bob.pubkey });
    const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
    await world.clock.advance(20 * MINUTE);
    expect((await agent.getMessage({ id })).delivery.state).toBe('queued');
    wrongMs = 0;
    world.clock.jump(-offMs);
    await world.clock.advance(15_000);
    expect((await agent.getMessage({ id })).delivery.state).toBe('published');
  },
);

test('one relay of three that lies about the time does not change our dates', async () => {
  const world = createTestMesh(ONE, TWO, 'wss://three.test');
  world.mesh.relays.forEach((relay, n) => {
    relay.clockOffsetMs = n === 0 ? 300 * DAY : 0;
  });
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(MINUTE);
  await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(1_000);
  for (const { created_at } of world.relay.offered.filter(isDm)) {
    expect(created_at).toBeLessThanOrEqual(world.clock.now() / 1000);
  }
  // Two that contradict each other say nothing.
  agent.network.disconnect(TWO);
  await agent.sendMessage({ to: bob.pubkey, content: 'y' });
  await world.clock.advance(1_000);
  for (const { created_at } of world.relay.offered.filter(isDm)) {
    expect(created_at).toBeLessThanOrEqual(world.clock.now() / 1000);
  }
});

test.each([DAY, -DAY])(
  'with a clock that is off by %s ms, our presence is dated by the relays’ time',
  async (offMs) => {
    const world = createTestMesh(ONE);
    world.relay.onPublish = takes(world, 900, 900, 'invalid: created_at out of range', -offMs);
    world.relay.clockOffsetMs = -offMs;
    await world.start();
    await world.clock.advance(MINUTE);
    const presences = world.relay.stored.filter((event) => (event as NostrEvent).kind === kinds.presence);
    expect(presences).toHaveLength(1);
  },
);
