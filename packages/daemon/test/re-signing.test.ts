import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { accept, type Reaction, reject } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const TWO = 'wss://two.test';
const DAY = 86_400_000;

/** Starts an agent without relays that has a message for a peer with these features. */
async function waitingFor(features: readonly string[], hours: number) {
  const world = createTestMesh(ONE, TWO);
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features }));
  await settle(world.clock);
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(hours * 3_600_000);
  for (const relay of world.mesh.relays) relay.offered.length = 0;
  const dms = () => world.mesh.relays.map((relay) => relay.offered.filter(({ kind }) => kind === 4));
  return { world, agent, bob, id, dms };
}

test('a message that no relay accepted for long is sent with a new date, under the same id', async () => {
  const { world, agent, bob, id, dms } = await waitingFor(modern, 26);
  agent.network.connect();
  await settle(world.clock);
  const [one = [], two = []] = dms();
  expect(one).toHaveLength(1);
  expect(two).toEqual(one);
  expect(one[0]?.created_at).toBe(Math.floor(world.clock.now() / 1000));
  expect(bob.opened(one)).toMatchObject([{ mid: id, body: 'x', ts: world.clock.now() - 26 * 3_600_000 }]);
  expect((await agent.getMessage({ id })).delivery).toMatchObject({
    state: 'published',
    relays: [{ url: ONE }, { url: TWO }],
  });
});

test('without an envelope the bytes stay the same: the peer would see the message twice', async () => {
  const { world, agent, dms } = await waitingFor(['messaging'], 26);
  agent.network.connect();
  await settle(world.clock);
  const [one = []] = dms();
  expect(one).toHaveLength(1);
  expect(one[0]?.created_at).toBe(Math.floor(world.clock.now() / 1000) - 26 * 3600);
});

test('once a relay has the message, the others get the same bytes, however late', async () => {
  const { world, agent, id, dms } = await waitingFor(modern, 0);
  agent.network.connect(ONE);
  await settle(world.clock);
  await world.clock.advance(2 * DAY);
  agent.network.connect(TWO);
  await settle(world.clock);
  const [one, two] = dms();
  expect(two).toEqual(one);
  expect((await agent.getMessage({ id })).delivery.relays).toHaveLength(2);
});

test.each([-20, 20])(
  'a message that a wrong clock dated, %i days off, is offered with a new date',
  async (days) => {
    const { world, agent, bob, id, dms } = await waitingFor(modern, 0);
    agent.network.disconnect();
    await world.clock.jump(days * DAY);
    // Without a relay's time, the date is that of our clock.
    agent.network.connect(ONE);
    await settle(world.clock);
    await world.clock.jump(-days * DAY);
    await world.clock.advance(3_600_000);
    world.relay.push(bob.presence({ features: modern }));
    await world.clock.advance(60_000);
    const [one = []] = dms();
    const newest = one.at(-1);
    expect(Math.abs((newest?.created_at ?? 0) - world.clock.now() / 1000)).toBeLessThan(300);
    expect(bob.opened(newest ? [newest] : [])).toMatchObject([{ mid: id, body: 'x' }]);
  },
);

test.each([
  'invalid: created_at too early',
  'invalid: created_at is too old',
  'error: event timestamp too far in the past',
])('a relay that refuses the date with %j gets the message with a new one', async (reason) => {
  const { world, agent, id, dms } = await waitingFor(modern, 0);
  const isFresh = ({ created_at }: NostrEvent) => created_at > world.clock.now() / 1000 - 600;
  const answer = (event: NostrEvent): Reaction => (isFresh(event) ? accept : reject(reason));
  world.mesh.relay(TWO).onPublish = answer;
  agent.network.connect(ONE);
  await settle(world.clock);
  await world.clock.advance(3_600_000);
  agent.network.connect(TWO);
  await settle(world.clock);
  const [one = [], two = []] = dms();
  expect(one).toHaveLength(1);
  expect(two.map(isFresh)).toEqual([false, true]);
  expect((await agent.getMessage({ id })).delivery).toMatchObject({
    state: 'published',
    relays: [
      { url: ONE, outcome: 'accepted' },
      { url: TWO, outcome: 'accepted' },
    ],
  });
});

test('a message whose every date is refused waits, with growing pauses', async () => {
  const { world, agent, id, dms } = await waitingFor(modern, 0);
  for (const relay of world.mesh.relays) {
    relay.onPublish = ({ kind }) => (kind === 4 ? reject('invalid: created_at too early') : accept);
  }
  await world.clock.advance(3_600_000);
  agent.network.connect();
  await world.clock.advance(60_000);
  for (const offered of dms()) expect(offered.length).toBeLessThanOrEqual(7);
  expect((await agent.getMessage({ id })).delivery.state).toBe('queued');
});

test('both events of one message arrive as one', async () => {
  const world = createTestMesh(ONE, TWO);
  const { alice, bob } = await startTwo(world);
  world.mesh.relay(TWO).onPublish = ({ created_at, kind }) =>
    kind === 1059 && created_at < world.clock.now() / 1000 - 300
      ? reject('invalid: created_at too early')
      : accept;
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'once' });
  await world.clock.advance(60_000);
  const wraps = world.mesh.relays.flatMap((relay) =>
    relay.stored.filter((event) => (event as NostrEvent).kind === 1059),
  );
  expect(new Set(wraps.map((event) => (event as NostrEvent).id)).size).toBeGreaterThan(1);
  expect(await bob.inbox()).toMatchObject([{ id, content: 'once' }]);
});
