import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { candidateRelays } from '../src/config/candidate-relays.ts';
import { modern } from './support/fake-peer.ts';
import { accept, lie, type MemoryRelay, reject, timeout } from './support/memory-relay-network.ts';
import {
  createTestMesh,
  settle,
  startTwo,
  type TestAgent,
  type TestAgentOptions,
} from './support/test-agent.ts';

const ONE = 'wss://one.test';
const TWO = 'wss://two.test';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Starts an agent that has greeted a peer with receipts, which is online for a quarter of an hour. */
async function greeted(urls = [ONE], options: TestAgentOptions = {}, features: readonly string[] = modern) {
  const world = createTestMesh(...urls);
  const agent = await world.start(options);
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features, name: 'bob' }));
  await world.clock.advance(14 * MINUTE);
  for (const relay of world.mesh.relays) relay.offered.length = 0;
  return {
    world,
    agent,
    bob,
    one: world.relay,
    two: world.mesh.relays[1] as MemoryRelay,
    async send(content: string) {
      const { id } = await agent.sendMessage({ to: bob.pubkey, content });
      await settle(world.clock);
      return id;
    },
    dms: (relay: MemoryRelay) => relay.offered.filter(({ kind }) => kind === 4),
    stateOf: async (id: string, of: TestAgent = agent) => (await of.getMessage({ id })).delivery.state,
    /** Sends presences for so long, one a minute. */
    async stayOnline(minutes: number) {
      for (let n = 0; n < minutes; n++) {
        await world.clock.advance(MINUTE);
        world.relay.push(bob.presence({ features }));
      }
    },
    async goOffline() {
      await world.clock.advance(SECOND);
      world.relay.push(bob.presence({ features, offline: true }));
      await settle(world.clock);
    },
    async comeOnline() {
      await world.clock.advance(SECOND);
      world.relay.push(bob.presence({ features }));
      await settle(world.clock);
    },
    async confirm(...ids: string[]) {
      world.relay.push(bob.dm(agent.pubkey, { type: 'delivered', msgIds: ids }));
      await settle(world.clock);
    },
  };
}

/** Restarts a relay that keeps nothing on disk. */
async function restart(agent: TestAgent, relay: MemoryRelay): Promise<void> {
  agent.network.disconnect(relay.url);
  relay.stored.length = 0;
  agent.network.connect(relay.url);
}

const inOutbox = (agent: TestAgent): number =>
  agent.store.peek((tables) => tables.outbox.entries()).filter(({ purpose }) => purpose === 'message').length;

test('a relay that lost what it accepted gets it again when it is back, the same bytes', async () => {
  const { world, agent, one, send, dms, goOffline } = await greeted();
  await goOffline();
  for (let n = 0; n < 5; n++) await send(`m${n}`);
  const first = dms(one);
  await restart(agent, one);
  await settle(world.clock);
  expect(one.stored.filter((event) => (event as NostrEvent).kind === 4)).toEqual(first);
});

test('a message to a peer whose receipts are expected is kept over a crash, and offered again', async () => {
  const { world, agent, one, send, dms, goOffline, stateOf } = await greeted();
  await goOffline();
  const id = await send('x');
  await world.clock.advance(2 * MINUTE);
  const disk = await agent.crash();
  one.stored.length = 0;
  const again = await world.start({ disk });
  await settle(world.clock);
  expect(new Set(dms(one).map((event) => event.id)).size).toBe(1);
  expect(one.stored).toContainEqual(expect.objectContaining({ kind: 4 }));
  expect(await stateOf(id, again)).toBe('published');
});

test('a peer that confirms a later message gets the earlier ones again, and no others', async () => {
  const { world, one, send, dms, confirm } = await greeted();
  one.onPublish = () => lie;
  const lost = [await send('m0'), await send('m1')];
  one.onPublish = () => accept;
  const sixth = await send('m2');
  await send('m3');
  const before = dms(one).map((event) => event.id);
  one.offered.length = 0;
  await confirm(sixth);
  await world.clock.advance(10 * SECOND);
  expect(dms(one).map((event) => event.id)).toEqual(before.slice(0, lost.length));
});

test('receipts that come in another order cost nothing', async () => {
  const { world, one, send, dms, confirm } = await greeted();
  const ids = [await send('m0'), await send('m1'), await send('m2')];
  one.offered.length = 0;
  for (const id of ids.reverse()) {
    await confirm(id);
    await world.clock.advance(SECOND);
  }
  await world.clock.advance(30 * SECOND);
  expect(dms(one)).toEqual([]);
});

test('a peer that comes online gets what it has not confirmed again', async () => {
  const { world, one, send, dms, goOffline, comeOnline } = await greeted();
  await goOffline();
  await send('x');
  await world.clock.advance(3 * DAY);
  const [first] = dms(one);
  await comeOnline();
  await world.clock.advance(10 * SECOND);
  expect(dms(one)).toEqual([first, first]);
});

test('a peer that comes online and confirms at once costs no repeat', async () => {
  const { world, one, send, dms, goOffline, comeOnline, confirm } = await greeted();
  await goOffline();
  const id = await send('x');
  await world.clock.advance(DAY);
  await comeOnline();
  await world.clock.advance(2 * SECOND);
  await confirm(id);
  await world.clock.advance(MINUTE);
  expect(dms(one)).toHaveLength(1);
});

test('a peer that says hello again gets what it has not confirmed again', async () => {
  const { world, agent, bob, one, send, dms } = await greeted();
  await send('x');
  one.push(bob.dm(agent.pubkey, { type: 'intro', v: '0.3.0', features: modern, from: bob.pubkey }));
  await world.clock.advance(10 * SECOND);
  expect(dms(one)).toHaveLength(2);
});

test('a relay that reconnects all day gets a message a few times', async () => {
  const { world, agent, one, send, dms, goOffline } = await greeted();
  await goOffline();
  await send('x');
  for (let n = 0; n < (24 * 60) / 5; n++) {
    await restart(agent, one);
    await world.clock.advance(5 * MINUTE);
  }
  expect(dms(one).length).toBeGreaterThan(2);
  expect(dms(one).length).toBeLessThanOrEqual(7);
});

test('a peer that goes on and off all day gets a message no more than twice an hour', async () => {
  const { world, one, send, dms, goOffline, comeOnline } = await greeted();
  await goOffline();
  await send('x');
  for (let n = 0; n < 24 * 12; n++) {
    await comeOnline();
    await world.clock.advance(4 * MINUTE);
    await goOffline();
    await world.clock.advance(MINUTE);
  }
  expect(dms(one).length).toBeGreaterThan(10);
  expect(dms(one).length).toBeLessThanOrEqual(51);
  // Signed anew a few times only: every event stays on the relays for its own time.
  expect(new Set(dms(one).map((event) => event.id)).size).toBeLessThanOrEqual(6);
});

test('a receipt ends it', async () => {
  const { world, agent, one, send, dms, confirm, stateOf } = await greeted();
  const id = await send('x');
  expect(inOutbox(agent)).toBe(1);
  await confirm(id);
  expect(await stateOf(id)).toBe('delivered');
  expect(inOutbox(agent)).toBe(0);
  await restart(agent, one);
  await world.clock.advance(DAY);
  expect(dms(one)).toHaveLength(1);
});

test('its expiry ends it, and the message stays published', async () => {
  const { world, agent, bob, one, dms, stateOf } = await greeted();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x', expires_in_s: 30 });
  await world.clock.advance(MINUTE);
  expect(inOutbox(agent)).toBe(0);
  await restart(agent, one);
  await world.clock.advance(DAY);
  expect(await stateOf(id)).toBe('published');
  expect(dms(one)).toHaveLength(1);
});

test('blocking the peer ends it', async () => {
  const { world, agent, bob, one, send, dms, stateOf } = await greeted();
  const id = await send('x');
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await restart(agent, one);
  await world.clock.advance(DAY);
  expect(inOutbox(agent)).toBe(0);
  expect(dms(one)).toHaveLength(1);
  expect(await stateOf(id)).toBe('published');
});

test('a message to a peer without receipts is over when a relay that has it passed a test', async () => {
  const { world, agent, one, send, dms } = await greeted([ONE], {}, ['messaging']);
  await send('x');
  expect(inOutbox(agent)).toBe(1);
  await restart(agent, one);
  await world.clock.advance(DAY);
  expect(inOutbox(agent)).toBe(0);
  expect(dms(one)).toHaveLength(1);
});

test('a relay that is down does not keep the other from getting a message again', async () => {
  const { world, agent, one, send, dms } = await greeted([ONE, TWO]);
  agent.network.disconnect(TWO);
  await send('x');
  await restart(agent, one);
  await settle(world.clock);
  expect(dms(one)).toHaveLength(2);
});

test.each([
  ['refuses', reject('blocked: no repeats')],
  ['does not respond to', timeout],
])('a relay that %s the repeat keeps its outcome and gets one attempt', async (_, reaction) => {
  const { world, agent, one, send, dms, goOffline } = await greeted();
  await goOffline();
  const id = await send('x');
  one.onPublish = ({ kind }) => (kind === 4 ? reaction : accept);
  await restart(agent, one);
  await world.clock.advance(2 * MINUTE);
  expect(dms(one)).toHaveLength(2);
  expect((await agent.getMessage({ id })).delivery).toMatchObject({
    state: 'published',
    relays: [{ url: ONE, outcome: 'accepted' }],
  });
});

test('what awaits only a receipt is not on its way, and new messages go first', async () => {
  const { world, agent, bob, one, send, goOffline } = await greeted();
  await goOffline();
  for (let n = 0; n < 60; n++) await send(`old ${n}`);
  await world.clock.advance(10 * MINUTE);
  const depth = async () => /ocmesh_outbox_depth (\d+)/.exec(await agent.getMetrics({}))?.[1];
  expect(await depth()).toBe('0');
  one.offered.length = 0;
  await restart(agent, one);
  await settle(world.clock);
  await send('new');
  expect(await depth()).toBe('1');
  await world.clock.advance(6 * SECOND);
  expect(bob.opened(one.offered).map(({ body }) => body)).toContain('new');
  expect(bob.opened(one.offered).length).toBeLessThanOrEqual(21);
});

test('there is a bound: the oldest to the peer with the most of them are given up', async () => {
  const bounds = { awaitingReceipt: 3 };
  const { world, agent, one, send, goOffline } = await greeted([ONE], { bounds });
  await goOffline();
  const carol = world.fakePeer('carol');
  one.push(carol.presence({ features: modern }));
  await settle(world.clock);
  await agent.sendMessage({ to: carol.pubkey, content: 'to carol' });
  const ids = [await send('m0'), await send('m1'), await send('m2')];
  expect(inOutbox(agent)).toBe(3);
  const kept = agent.store.peek((tables) => tables.outbox.entries().map(({ peer }) => peer));
  expect(kept).toContain(carol.pubkey);
  const states = (await Promise.all(ids.map((id) => agent.getMessage({ id })))).map(
    (each) => each.delivery.state,
  );
  expect(states).toEqual(['published', 'published', 'published']);
});

test('a relay that reconnects does not put off what an online peer that is silent gets from the others', async () => {
  const { agent, one, two, send, dms, stayOnline } = await greeted([ONE, TWO]);
  await send('x');
  for (let n = 0; n < 2; n++) {
    await stayOnline(15);
    await restart(agent, two);
  }
  await stayOnline(10);
  expect(dms(one)).toHaveLength(2);
  expect(dms(two).length).toBeLessThanOrEqual(4);
});

test('a peer that has the message, but whose receipt got lost, confirms it again and shows it once', async () => {
  const world = createTestMesh(ONE);
  const { alice, bob } = await startTwo(world);
  await world.clock.advance(MINUTE);
  world.relay.onPublish = () => accept;
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'once' });
  world.relay.onPublish = (event) =>
    event.kind === 1059 && event.tags.some(([, to]) => to === alice.pubkey) ? lie : accept;
  await world.clock.advance(30 * SECOND);
  expect((await alice.getMessage({ id })).delivery.state).toBe('published');
  world.relay.onPublish = () => accept;
  await world.clock.advance(40 * MINUTE);
  expect((await alice.getMessage({ id })).delivery.state).toBe('delivered');
  expect(await bob.inbox()).toMatchObject([{ id, content: 'once' }]);
});

test('an online peer that does not confirm gets the message on relays that it uses now, and the log says so', async () => {
  const PEERS = 'wss://peers.test';
  const { agent, bob, one, send, stayOnline, world } = await greeted([ONE, PEERS], {
    config: { relays: [ONE] },
  });
  await send('before it moved');
  await world.clock.advance(10 * MINUTE);
  one.offered.length = 0;
  await send('x');
  // Asking for its list every day would be too late.
  one.keep(bob.sign({ kind: 10050, tags: [['relay', PEERS]] }));
  await stayOnline(3);
  expect(bob.opened(world.mesh.relay(PEERS).offered).map(({ body }) => body)).toContain('x');
  expect(agent.log.lines).toContainEqual(
    expect.objectContaining({ fields: { relays: expect.stringContaining(ONE) } }),
  );
});

test('an online peer that does not confirm gets the message on candidates, then everywhere under its id, at growing pauses', async () => {
  const { bob, send, dms, stayOnline, world, stateOf } = await greeted(candidateRelays.slice(0, 8), {
    config: { relays: null },
  });
  const id = await send('x');
  const counts = () => world.mesh.relays.map((relay) => dms(relay).length);
  expect(counts()).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
  await stayOnline(2);
  expect(counts()).toEqual([1, 1, 1, 1, 1, 1, 1, 0]);
  await stayOnline(6);
  expect(counts()).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  await stayOnline(30);
  expect(counts()).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
  await stayOnline(10 * 60);
  expect(Math.max(...counts())).toBeLessThanOrEqual(3);
  const opened = world.mesh.relays.flatMap((relay) => bob.opened(dms(relay)));
  expect(new Set(opened.map(({ mid }) => mid))).toEqual(new Set([id]));
  expect(await stateOf(id)).toBe('published');
});

test('a message goes to no candidate if the owner named the relays', async () => {
  const { send, dms, stayOnline, world } = await greeted([ONE, 'wss://nos.lol'], {
    config: { relays: [ONE] },
  });
  await send('x');
  await stayOnline(60);
  expect(dms(world.mesh.relay('wss://nos.lol'))).toEqual([]);
});
