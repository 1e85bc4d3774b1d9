import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { accept, lie, type MemoryRelay, reject, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle, type TestAgent, type TestAgentOptions } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const TWO = 'wss://two.test';
const DAY = 86_400_000;

/** Starts an agent on two relays that has greeted one peer. */
async function onTwoRelays(bounds: TestAgentOptions['bounds'] = {}) {
  const world = createTestMesh(ONE, TWO);
  const agent = await world.start({ bounds });
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  for (const relay of world.mesh.relays) relay.offered.length = 0;
  return { world, agent, bob, one: world.mesh.relay(ONE), two: world.mesh.relay(TWO) };
}

/** Holds back the relay's next OK until the returned function is called; it accepts later events at once. */
function holdNextOk(relay: MemoryRelay): (outcome: typeof accept) => void {
  let sendOk = (_: typeof accept): void => {};
  relay.onPublish = () => {
    relay.onPublish = () => accept;
    return new Promise((resolve) => {
      sendOk = resolve;
    });
  };
  return (outcome) => sendOk(outcome);
}

const deliveryOf = async (agent: TestAgent, id: string) => (await agent.getMessage({ id })).delivery;

test('shows the outcome of every relay', async () => {
  const { world, agent, bob, one, two } = await onTwoRelays();
  one.onPublish = () => accept;
  two.onPublish = () => reject('blocked: not you');
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  expect(await deliveryOf(agent, id)).toMatchObject({
    state: 'published',
    relays: [
      { url: ONE, outcome: 'accepted', reason: null },
      { url: TWO, outcome: 'rejected', reason: 'blocked: not you' },
    ],
    next_attempt_at: null,
  });
});

test('sends the same bytes again after a crash before the OKs are on disk', async () => {
  const { world, agent, bob, two } = await onTwoRelays({ okBatchMs: 20 });
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(19);
  expect(await deliveryOf(agent, id)).toMatchObject({ state: 'queued', relays: [] });
  const disk = await agent.crash();
  const [first, ...others] = two.offered;
  expect(others).toEqual([]);
  const again = await world.start({ disk, bounds: { okBatchMs: 20 } });
  await world.clock.advance(20);
  expect(two.offered.filter(({ id }) => id === first?.id)).toEqual([first, first]);
  expect(await deliveryOf(again, id)).toMatchObject({
    state: 'published',
    relays: [{ url: ONE }, { url: TWO }],
  });
});

test('a stop waits for no more OKs, and loses none', async () => {
  const { world, agent, bob, two } = await onTwoRelays({ okBatchMs: 20 });
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  await agent.stop();
  const [first] = two.offered;
  const again = await world.start({ disk: agent.disk });
  expect((await deliveryOf(again, id)).state).toBe('published');
  expect(two.offered.filter((event) => event.id === first?.id)).toHaveLength(1);
});

test('a slow relay does not hide that another accepted the message', async () => {
  const { world, agent, bob, two } = await onTwoRelays();
  const sendOk = holdNextOk(two);
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  expect((await deliveryOf(agent, id)).state).toBe('published');
  sendOk(accept);
  await settle(world.clock);
  expect((await deliveryOf(agent, id)).relays).toHaveLength(2);
});

test('fails when every relay refuses permanently', async () => {
  const { world, agent, bob, one, two } = await onTwoRelays();
  one.onPublish = () => reject('blocked: you are not welcome');
  two.onPublish = () => reject('ERROR: restricted: members only');
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  expect((await deliveryOf(agent, id)).state).toBe('failed');
  expect((await agent.getStatus({})).outbox).toEqual({ queued: 0, published: 0, failed: 1 });
  await world.clock.advance(DAY / 24);
  expect(one.offered.filter(({ kind }) => kind === 4)).toHaveLength(1);
});

test.each(['error: disk full', 'auth-required: who are you', 'no idea'])(
  'tries again after %j',
  async (reason) => {
    const { world, agent, bob, one, two } = await onTwoRelays();
    two.onPublish = () => reject('blocked: no');
    let refusals = 3;
    const isForBob = ({ kind, tags }: NostrEvent) => kind === 4 && tags.some(([, key]) => key === bob.pubkey);
    one.onPublish = (event) => (isForBob(event) && refusals-- > 0 ? reject(reason) : accept);
    const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
    await settle(world.clock);
    const early = await deliveryOf(agent, id);
    expect(early).toMatchObject({ state: 'queued', next_attempt_at: expect.any(String) });
    expect(Date.parse(early.next_attempt_at as string) - world.clock.now()).toBeLessThanOrEqual(2_000);
    await world.clock.advance(30_000);
    expect((await deliveryOf(agent, id)).state).toBe('published');
    const events = one.offered.filter(({ kind }) => kind === 4);
    expect(events).toHaveLength(4);
    expect(new Set(events.map((event) => JSON.stringify(event))).size).toBe(1);
  },
);

test.each(['no idea', ''])(
  'a relay that only ever responds %j is asked ten times, and named',
  async (reason) => {
    const { world, agent, bob, one, two } = await onTwoRelays();
    two.onPublish = () => reject('blocked: no');
    one.onPublish = ({ kind }) => (kind === 4 ? { ...reject(reason), reason: reason || null } : accept);
    const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
    await world.clock.advance(3_600_000);
    expect(one.offered.filter(({ kind }) => kind === 4)).toHaveLength(10);
    expect(await deliveryOf(agent, id)).toMatchObject({
      state: 'failed',
      relays: expect.arrayContaining([
        {
          url: ONE,
          outcome: 'rejected',
          reason: reason || 'refused 10 times without a reason',
          at: expect.any(String),
        },
      ]),
    });
  },
);

test('a relay that accepted the message does not get it again while another is late', async () => {
  const { world, agent, bob, one, two } = await onTwoRelays();
  two.onPublish = () => timeout;
  await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(120_000);
  expect(one.offered.filter(({ kind }) => kind === 4)).toHaveLength(1);
  expect(two.offered.filter(({ kind }) => kind === 4).length).toBeGreaterThan(3);
});

test('a relay gets everything it missed as soon as it reconnects', async () => {
  const { world, agent, bob, two } = await onTwoRelays();
  agent.network.disconnect(TWO);
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(3_600_000);
  expect((await deliveryOf(agent, id)).relays).toMatchObject([
    { url: ONE, outcome: 'accepted' },
    { url: TWO, outcome: 'pending', reason: 'not connected' },
  ]);
  agent.network.connect(TWO);
  await settle(world.clock);
  expect((await deliveryOf(agent, id)).relays).toHaveLength(2);
  expect(two.offered.filter(({ kind }) => kind === 4)).toHaveLength(1);
});

test('sends the same bytes again after a crash', async () => {
  const { world, agent, bob, one, two } = await onTwoRelays();
  one.onPublish = two.onPublish = () => timeout;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  const [first] = one.offered.filter(({ kind }) => kind === 4);
  one.onPublish = two.onPublish = () => accept;
  one.offered.length = 0;
  await world.clock.advance(500);
  const again = await world.start({ disk: await agent.crash() });
  await world.clock.advance(10_000);
  expect(one.offered.filter(({ kind }) => kind === 4)).toEqual([first]);
  expect((await deliveryOf(again, id)).state).toBe('published');
});

test('messages queued without any relay are sent after a restart', async () => {
  const { world, agent, bob, one } = await onTwoRelays();
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  await agent.stop();
  await world.clock.advance(3 * DAY);
  const again = await world.start({ disk: agent.disk });
  await world.clock.advance(1_000);
  expect((await deliveryOf(again, id)).state).toBe('published');
  expect(one.offered.filter(({ kind }) => kind === 4)).toHaveLength(1);
});

test('expires after expires_in_s if no relay accepted it', async () => {
  const { world, agent, bob } = await onTwoRelays();
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x', expires_in_s: 90 });
  await world.clock.advance(89_000);
  expect((await deliveryOf(agent, id)).state).toBe('queued');
  await world.clock.advance(61_000);
  expect(await deliveryOf(agent, id)).toMatchObject({ state: 'expired', next_attempt_at: null });
});

test('expires after seven days without expires_in_s, and a relay that connects later gets nothing', async () => {
  const { world, agent, bob, one } = await onTwoRelays();
  // Without the relays' time, the days that the machine is off would not count.
  for (const relay of world.mesh.relays) relay.clockOffsetMs = 0;
  await world.clock.advance(60_000);
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(1_000);
  await agent.stop();
  await world.clock.advance(7 * DAY);
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  expect((await deliveryOf(again, id)).state).toBe('expired');
  expect(one.offered.filter(({ kind }) => kind === 4)).toEqual([]);
});

test('a published message does not expire', async () => {
  const { world, agent, bob, two } = await onTwoRelays();
  two.onPublish = () => timeout;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x', expires_in_s: 60 });
  await world.clock.advance(180_000);
  expect((await deliveryOf(agent, id)).state).toBe('published');
  const offers = two.offered.filter(({ kind }) => kind === 4).length;
  await world.clock.advance(3_600_000);
  expect(two.offered.filter(({ kind }) => kind === 4)).toHaveLength(offers);
});

test('a receipt corrects the state failed', async () => {
  const { world, agent, bob, one, two } = await onTwoRelays();
  one.onPublish = two.onPublish = () => reject('blocked: no');
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  world.relay.push(bob.dm(agent.pubkey, { type: 'delivered', msgIds: [id] }));
  await settle(world.clock);
  expect((await deliveryOf(agent, id)).state).toBe('delivered');
});

test('a relay that only pretends to accept does not keep the message from the others', async () => {
  const { world, agent, bob, one, two } = await onTwoRelays();
  one.onPublish = () => lie;
  await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  expect(two.stored).toContainEqual(expect.objectContaining({ kind: 4, pubkey: agent.pubkey }));
});

test('messages to one peer are sent in order', async () => {
  const { world, agent, bob, one } = await onTwoRelays();
  agent.network.disconnect();
  const contents = Array.from({ length: 100 }, (_, index) => `m${index}`);
  for (const content of contents) await agent.sendMessage({ to: bob.pubkey, content });
  await settle(world.clock);
  agent.network.connect();
  await settle(world.clock);
  expect(bob.opened(one.offered).map(({ body }) => body)).toEqual(contents.slice(0, 19));
  // A public relay: messages over the write budget follow one by one.
  await world.clock.advance(10 * 60_000);
  expect(bob.opened(one.offered).map(({ body }) => body)).toEqual(contents);
});

test('a clock that jumped back delays a message by no more than the retry delay', async () => {
  const { world, agent, bob, one, two } = await onTwoRelays();
  one.onPublish = two.onPublish = () => timeout;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  world.clock.jump(-DAY);
  one.onPublish = two.onPublish = () => accept;
  agent.network.disconnect();
  agent.network.connect();
  await settle(world.clock);
  expect((await deliveryOf(agent, id)).state).toBe('published');
});

test('a relay that connects during an attempt on another gets the message too', async () => {
  const { world, agent, bob, one } = await onTwoRelays();
  agent.network.disconnect(TWO);
  const sendOk = holdNextOk(one);
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  agent.network.connect(TWO);
  await settle(world.clock);
  sendOk(accept);
  await settle(world.clock);
  expect((await deliveryOf(agent, id)).relays.map(({ url }) => url)).toEqual([ONE, TWO]);
});

test('a message that a relay accepts at the last moment does not expire', async () => {
  const { world, agent, bob, one } = await onTwoRelays();
  agent.network.disconnect(TWO);
  const sendOk = holdNextOk(one);
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x', expires_in_s: 1 });
  await settle(world.clock);
  await world.clock.advance(3_000);
  // Wakes the outbox while the first attempt is under way.
  await agent.sendMessage({ to: bob.pubkey, content: 'y' });
  await settle(world.clock);
  sendOk(accept);
  await settle(world.clock);
  expect((await deliveryOf(agent, id)).state).toBe('published');
});
