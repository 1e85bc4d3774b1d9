import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { accept, lie, type MemoryRelay, reject, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle, type TestAgent } from './support/test-agent.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ONE = 'wss://one.test';
const TWO = 'wss://two.test';

const isWrap = ({ kind }: NostrEvent): boolean => kind === 1059;
/** Forgets test events older than this, as the clock of the test shows them. */
const forgetAfter = (relay: MemoryRelay, nowMs: () => number, ms: number): void => {
  const stored = relay.stored as NostrEvent[];
  const kept = stored.filter((event) => !isWrap(event) || nowMs() - event.created_at * 1000 < ms);
  stored.splice(0, stored.length, ...kept);
};

async function startOn(...urls: string[]) {
  const world = createTestMesh(...urls);
  const agent = await world.start();
  return { world, agent, relay: (url: string) => world.mesh.relay(url) };
}
const conduct = async (agent: TestAgent, url = ONE) => {
  const found = (await agent.listRelays({})).find((relay) => relay.url === url);
  return [found?.keeps.answer, found?.forwards.answer, found?.keeps_presence.answer];
};
const codes = async (agent: TestAgent) => (await agent.getStatus({})).reasons.map(({ code }) => code);

test('an honest relay keeps and forwards, and nothing of the test is mail', async () => {
  const { world, agent } = await startOn(ONE);
  expect(await conduct(agent)).toEqual(['unknown', 'unknown', 'unknown']);
  await world.clock.advance(3 * MINUTE);
  expect(await conduct(agent)).toEqual(['yes', 'yes', 'yes']);
  expect(await agent.inbox()).toEqual([]);
  expect(await agent.refused()).toEqual({});
  expect(await agent.getStatus({})).toMatchObject({ unread_count: 0, known_peer_count: 0, degraded: false });
});

test('the next start of the same home, and a twin, take test events for no mail either', async () => {
  const { world, agent } = await startOn(ONE);
  await world.clock.advance(MINUTE);
  const again = await world.start({ disk: await agent.crash() });
  await world.clock.advance(MINUTE);
  expect(await again.inbox()).toEqual([]);
  expect(await again.refused()).toEqual({});
  expect((await again.peers()).length).toBe(0);
});

test('the owner can have a relay tested at once, within the limit for a day', async () => {
  const { world, agent, relay } = await startOn(ONE);
  await world.clock.advance(3 * MINUTE);
  const testedAt = async () => (await agent.listRelays({}))[0]?.keeps.at;
  const before = await testedAt();
  await agent.testRelay({ url: ONE });
  // A test ends with a second look.
  await world.clock.advance(2 * MINUTE);
  expect(await testedAt()).not.toBe(before);
  relay(ONE).onPublish = () => lie;
  await agent.testRelay({ url: `${ONE}/` });
  await world.clock.advance(MINUTE);
  expect(await conduct(agent)).toEqual(['no', 'no', 'yes']);
  const written = () => relay(ONE).tests.length;
  const start = written();
  for (let n = 0; n < 100; n++) {
    await agent.testRelay({ url: ONE });
    await world.clock.advance(100);
  }
  await world.clock.advance(2 * MINUTE);
  expect(written() - start).toBeLessThan(10);
  await expect(agent.testRelay({ url: TWO })).rejects.toMatchObject({ code: 'relay_unknown' });
});

const drops = { onPublish: () => lie };
test.each<[string, Partial<MemoryRelay>, (string | undefined)[]]>([
  ['takes all and keeps nothing', drops, ['no', 'no', 'no']],
  ['drops gift wraps', { onPublish: (event) => (isWrap(event) ? lie : accept) }, ['no', 'no', 'yes']],
  ['keeps but never forwards', { forwards: false }, ['yes', 'no', 'yes']],
  ['drops our presence', { onPublish: ({ kind }) => (kind === 31337 ? lie : accept) }, ['yes', 'yes', 'no']],
  [
    'refuses gift wraps',
    { onPublish: (event) => (isWrap(event) ? reject('invalid: x') : accept) },
    ['unknown', 'unknown', 'yes'],
  ],
  [
    'answers no write',
    { onPublish: (event) => (isWrap(event) ? timeout : accept) },
    ['unknown', 'unknown', 'yes'],
  ],
  ['ends no query', { completes: false, onPublish: () => lie }, ['unknown', 'no', 'unknown']],
])('a relay that %s', async (_, fields, expected) => {
  const world = createTestMesh(ONE);
  Object.assign(world.relay, fields);
  const agent = await world.start();
  await world.clock.advance(2 * MINUTE);
  expect(await conduct(agent)).toEqual(expected);
});

test('forwards but keeps nothing', async () => {
  const world = createTestMesh(ONE);
  world.relay.onPublish = (event) => {
    if (isWrap(event)) world.relay.push(event);
    return lie;
  };
  const agent = await world.start();
  await world.clock.advance(2 * MINUTE);
  expect(await conduct(agent)).toEqual(['no', 'yes', 'no']);
});

test.each(['content', 'sig'])(
  'an event with another %s is not what we wrote: the relay does not keep it',
  async (field) => {
    const world = createTestMesh(ONE);
    world.relay.onPublish = (event) => {
      world.relay.keep({ ...event, [field]: 'altered' });
      return lie;
    };
    const agent = await world.start();
    await world.clock.advance(2 * MINUTE);
    expect((await conduct(agent))[0]).toBe('no');
  },
);

test('a relay that keeps messages for a minute is found out within two', async () => {
  const { world, agent, relay } = await startOn(ONE);
  for (let second = 0; second < 120; second++) {
    await world.clock.advance(1_000);
    forgetAfter(relay(ONE), world.clock.now, MINUTE);
  }
  const [keeps] = (await agent.listRelays({})).map((each) => each.keeps);
  expect(keeps).toMatchObject({ answer: 'no', reason: expect.stringContaining('forgot') });
});

test('kind 4 is tested once we write kind 4 to anyone', async () => {
  const { world, agent, relay } = await startOn(ONE);
  relay(ONE).onPublish = ({ kind }) => (kind === 4 ? lie : accept);
  await world.clock.advance(2 * HOUR);
  expect(await conduct(agent)).toEqual(['yes', 'yes', 'yes']);
  expect(agent.published(4)).toEqual([]);
  world.relay.push(world.fakePeer('old').presence({ version: '0.2.0' }));
  await world.clock.advance(2 * HOUR);
  expect(await conduct(agent)).toEqual(['no', 'no', 'yes']);
});

test('liars alone: degraded with both named within two minutes, healthy once one keeps again', async () => {
  const { world, agent, relay } = await startOn(ONE, TWO);
  for (const url of [ONE, TWO]) relay(url).onPublish = () => lie;
  await world.clock.advance(2 * MINUTE);
  expect(await codes(agent)).toEqual(['no_keeping_relay']);
  expect((await conduct(agent, TWO))[0]).toBe('no');
  expect(await agent.getMetrics({})).toContain('ocmesh_relays_keep_messages{answer="no"} 2');
  relay(TWO).onPublish = () => accept;
  await world.clock.advance(HOUR);
  expect(await agent.getStatus({})).toMatchObject({
    degraded: false,
    warnings: [{ code: 'one_keeping_relay' }],
  });
  relay(ONE).onPublish = () => accept;
  await world.clock.advance(HOUR);
  expect(await agent.getStatus({})).toMatchObject({ degraded: false, warnings: [] });
});

test('one bad test alone has no consequence for a candidate; two replace it at once', async () => {
  const { candidateRelays } = await import('../src/config/candidate-relays.ts');
  const world = createTestMesh(...candidateRelays);
  const [FIRST] = candidateRelays as [string];
  let lies = 1;
  world.mesh.relay(FIRST).onPublish = (event) => (isWrap(event) && lies-- > 0 ? lie : accept);
  const agent = await world.start({ config: { relays: null } });
  const urls = async () => (await agent.listRelays({})).map(({ url }) => url);
  await world.clock.advance(3 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(0, 5));
  lies = Number.POSITIVE_INFINITY;
  await world.clock.advance(65 * MINUTE);
  expect(await urls()).toEqual(candidateRelays.slice(1, 6));
});

test('a named relay that drops is kept', async () => {
  const { world, agent, relay } = await startOn(ONE, TWO);
  relay(ONE).onPublish = () => lie;
  await world.clock.advance(3 * HOUR);
  expect((await agent.listRelays({})).map(({ url }) => url)).toEqual([ONE, TWO]);
});

test('writes at most 50 test events a day to one relay, even one that disconnects every minute', async () => {
  const { world, agent, relay } = await startOn(ONE);
  const wraps = () => relay(ONE).tests.filter(isWrap).length;
  await world.clock.advance(24 * HOUR);
  expect(wraps()).toBeGreaterThan(20);
  expect(wraps()).toBeLessThanOrEqual(50);
  const before = wraps();
  for (let minute = 0; minute < 4 * 60; minute++) {
    agent.network.disconnect(ONE);
    agent.network.connect(ONE);
    await world.clock.advance(MINUTE);
  }
  expect(wraps() - before).toBeLessThanOrEqual(8 + 42 / 6);
});

test('leaves no timer and no test behind after a stop in the middle of one', async () => {
  const { world, agent } = await startOn(ONE);
  await world.clock.advance(3_000);
  await agent.stop();
  await settle(world.clock);
  expect(world.clock.pending()).toBe(0);
});

/** Alice and Bob know each other and share these relays, of which some lie. */
async function withPeers(urls: string[], liars: string[]) {
  const world = createTestMesh(...urls);
  const alice = await world.start({ name: 'alice' });
  const bob = await world.start({ name: 'bob' });
  await world.clock.advance(5_000);
  for (const url of liars) world.mesh.relay(url).onPublish = () => lie;
  await world.clock.advance(2 * HOUR);
  const deliveryOf = async (id: string) => (await alice.getMessage({ id })).delivery;
  return { world, alice, bob, deliveryOf };
}

test('liars alone: a message stays queued with the reason, and is delivered soon after one keeps again', async () => {
  const { world, alice, bob, deliveryOf } = await withPeers([ONE, TWO], [ONE, TWO]);
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'hi' });
  await world.clock.advance(10 * MINUTE);
  expect(await deliveryOf(id)).toMatchObject({
    state: 'queued',
    relays: [
      { outcome: 'dropped', reason: expect.stringContaining('drops') },
      { outcome: 'dropped', reason: expect.stringContaining('drops') },
    ],
  });
  expect(await codes(alice)).toContain('no_keeping_relay');
  world.mesh.relay(TWO).onPublish = () => accept;
  await world.clock.advance(HOUR);
  expect(await deliveryOf(id)).toMatchObject({ state: 'delivered' });
  expect((await bob.inbox()).map(({ content }) => content)).toEqual(['hi']);
});

test('liars alone: delivered within a minute after the owners add an honest relay', async () => {
  const THREE = 'wss://three.test';
  const world = createTestMesh(ONE, TWO, THREE);
  const config = { relays: [ONE, TWO] };
  const alice = await world.start({ name: 'alice', config });
  const bob = await world.start({ name: 'bob', config });
  await world.clock.advance(5_000);
  for (const url of [ONE, TWO]) world.mesh.relay(url).onPublish = () => lie;
  await world.clock.advance(2 * HOUR);
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'hi' });
  await world.clock.advance(MINUTE);
  await bob.addRelay({ url: THREE });
  await alice.addRelay({ url: THREE });
  await world.clock.advance(MINUTE);
  expect((await alice.getMessage({ id })).delivery).toMatchObject({ state: 'delivered' });
});

test('one liar among two: published by the other one, delivered, and nothing is lost', async () => {
  const { world, alice, bob, deliveryOf } = await withPeers([ONE, TWO], [ONE]);
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'hi' });
  await settle(world.clock);
  const delivery = await deliveryOf(id);
  expect(['published', 'delivered']).toContain(delivery.state);
  expect(delivery.relays.map(({ url, outcome }) => [url, outcome]).sort()).toEqual([
    [ONE, 'dropped'],
    [TWO, 'accepted'],
  ]);
  await world.clock.advance(5_000);
  expect(await deliveryOf(id)).toMatchObject({ state: 'delivered' });
});

test('a receipt for a message that only one relay accepted proves that it keeps, without a write', async () => {
  const { world, alice, bob } = await withPeers([ONE], []);
  const wraps = () =>
    world.relay.tests.filter(({ tags }) => tags.some(([, to]) => to === alice.pubkey)).length;
  const before = wraps();
  for (let minute = 0; minute < 120; minute++) {
    await alice.sendMessage({ to: bob.pubkey, content: `${minute}` });
    await world.clock.advance(MINUTE);
  }
  expect(wraps() - before).toBe(0);
  expect((await conduct(alice))[0]).toBe('yes');
});
