import { expect, test } from 'vitest';
import { accept, lie, type Reaction } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo, type TestAgentOptions } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const TWO = 'wss://two.test';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Starts an agent that knows a peer without receipts, which reads gift wraps. */
async function withSilentPeer(urls = [ONE], options: TestAgentOptions = {}) {
  const world = createTestMesh(...urls);
  const bob = world.fakePeer('bob');
  for (const { url } of world.mesh.relays) world.mesh.relay(url).keep(bob.presence({ features: ['nip17'] }));
  const agent = await world.start(options);
  const relay = (url: string) => world.mesh.relay(url);
  const wraps = (url: string) => relay(url).offered.filter(({ kind }) => kind === 1059);
  return {
    world,
    agent,
    relay,
    wraps,
    /** Ids of the gift wraps to the peer that a relay really has. */
    kept: (url: string) => {
      const ids = new Set(wraps(url).map(({ id }) => id));
      return relay(url).stored.filter((event) => ids.has((event as { id: string }).id));
    },
    reacts(reaction: Reaction, ...urls: string[]) {
      for (const url of urls) relay(url).onPublish = () => reaction;
    },
    async send(content = 'hi') {
      const { id } = await agent.sendMessage({ to: bob.pubkey, content });
      await settle(world.clock);
      return id;
    },
    deliveryOf: async (id: string) => (await agent.getMessage({ id })).delivery,
  };
}

test('a liar’s OK before its first test is taken back: the message is queued, and published once a relay keeps it', async () => {
  const { world, reacts, send, deliveryOf, kept } = await withSilentPeer([ONE, TWO]);
  reacts(lie, ONE, TWO);
  const id = await send();
  expect((await deliveryOf(id)).state).toBe('published');
  await world.clock.advance(2 * MINUTE);
  expect(await deliveryOf(id)).toMatchObject({
    state: 'queued',
    relays: [{ outcome: 'dropped' }, { outcome: 'dropped' }],
  });
  reacts(accept, TWO);
  await world.clock.advance(HOUR);
  expect((await deliveryOf(id)).state).toBe('published');
  // Our hello is not lost either.
  expect(kept(TWO)).toHaveLength(2);
});

test('a relay that kept messages and begins to drop them loses none since its last good test', async () => {
  const { world, reacts, send, deliveryOf, kept, wraps } = await withSilentPeer();
  await world.clock.advance(2 * HOUR);
  const before = await send('kept');
  const writes = wraps(ONE).length;
  reacts(lie, ONE);
  const id = await send('dropped');
  await world.clock.advance(2 * HOUR);
  expect((await deliveryOf(id)).state).toBe('queued');
  reacts(accept, ONE);
  await world.clock.advance(2 * HOUR);
  expect([(await deliveryOf(before)).state, (await deliveryOf(id)).state]).toEqual([
    'published',
    'published',
  ]);
  expect(kept(ONE)).toHaveLength(3);
  expect(wraps(ONE).length - writes).toBeLessThanOrEqual(3);
});

test('a restart in the window forgets nothing: the next run waits for a test', async () => {
  const { world, agent, reacts, send, kept } = await withSilentPeer();
  reacts(lie, ONE);
  const id = await send();
  const again = await world.start({ disk: await agent.crash() });
  await world.clock.advance(2 * MINUTE);
  expect((await again.getMessage({ id })).delivery.state).toBe('queued');
  reacts(accept, ONE);
  await world.clock.advance(HOUR);
  expect((await again.getMessage({ id })).delivery.state).toBe('published');
  expect(kept(ONE)).toHaveLength(2);
});

test('costs an honest relay no write: what it accepted is done with its next good test', async () => {
  const { world, agent, send, wraps, deliveryOf } = await withSilentPeer();
  const id = await send();
  expect(agent.store.peek((tables) => tables.outbox.entries())).toHaveLength(2);
  await world.clock.advance(3 * HOUR);
  expect(agent.store.peek((tables) => tables.outbox.entries())).toHaveLength(0);
  expect(wraps(ONE)).toHaveLength(2);
  expect((await deliveryOf(id)).state).toBe('published');
});

test('waits for a test of a bounded number of messages: the oldest are given up first', async () => {
  const { world, agent, reacts, send, deliveryOf } = await withSilentPeer([ONE], {
    bounds: { awaitingReceipt: 2 },
  });
  reacts(lie, ONE);
  const ids = [await send('one'), await send('two'), await send('three')];
  expect(agent.store.peek((tables) => tables.outbox.entries()).length).toBe(2);
  await world.clock.advance(2 * MINUTE);
  const states = await Promise.all(ids.map(async (id) => (await deliveryOf(id)).state));
  expect(states).toEqual(['published', 'queued', 'queued']);
});

test('says by how many relays that are known to keep it a message was published', async () => {
  const { world, reacts, send, deliveryOf } = await withSilentPeer([ONE, TWO]);
  const early = await send('before the first test');
  expect(await deliveryOf(early)).toMatchObject({ state: 'published', kept_by: 0 });
  reacts(lie, TWO);
  await world.clock.advance(2 * MINUTE);
  expect(await deliveryOf(early)).toMatchObject({ state: 'published', kept_by: 1 });
  expect(await deliveryOf(await send('after it'))).toMatchObject({ state: 'published', kept_by: 1 });
  reacts(lie, ONE);
  await world.clock.advance(HOUR);
  expect(await deliveryOf(await send('to liars'))).toMatchObject({ state: 'queued', kept_by: 0 });
  expect(await deliveryOf(early)).toMatchObject({ kept_by: 0 });
});

test('a relay that begins to forward without keeping is found out within hours, although receipts keep coming', async () => {
  const world = createTestMesh(ONE);
  const { alice, bob } = await startTwo(world);
  await world.clock.advance(HOUR);
  const states: string[] = [];
  world.relay.onPublish = (event) => {
    if (event.kind !== 1059) return accept;
    world.relay.push(event);
    return lie;
  };
  for (let n = 0; n < 8 * 6; n++) {
    const { id } = await alice.sendMessage({ to: bob.pubkey, content: `${n}` }, { owner: true });
    await world.clock.advance(10 * MINUTE);
    states.push((await alice.getMessage({ id })).delivery.state);
  }
  expect(new Set(states)).toEqual(new Set(['delivered']));
  expect((await alice.listRelays({}))[0]?.keeps.answer).toBe('no');
});

test('the receipt for what a relay kept before does not refute that it drops messages now', async () => {
  const world = createTestMesh(ONE);
  const { alice, bob } = await startTwo(world);
  bob.network.disconnect();
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'hi' });
  await world.clock.advance(2 * HOUR);
  world.relay.onPublish = (event) => {
    world.relay.push(event);
    return lie;
  };
  await world.clock.advance(2 * HOUR);
  const keeps = async () => (await alice.listRelays({}))[0]?.keeps.answer;
  expect([(await alice.getMessage({ id })).delivery.state, await keeps()]).toEqual(['published', 'no']);
  bob.network.connect();
  await world.clock.advance(10 * SECOND);
  expect([(await alice.getMessage({ id })).delivery.state, await keeps()]).toEqual(['delivered', 'no']);
});

test('a relay that keeps all but kind 4 is found out with the first kind 4 message', async () => {
  const world = createTestMesh(ONE);
  const bob = world.fakePeer('bob');
  const agent = await world.start();
  await world.clock.advance(2 * MINUTE);
  world.relay.onPublish = ({ kind }) => (kind === 4 ? lie : accept);
  world.relay.push(bob.presence({ features: [] }));
  await settle(world.clock);
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'hi' });
  await world.clock.advance(MINUTE);
  expect((await agent.getMessage({ id })).delivery.state).toBe('queued');
});
