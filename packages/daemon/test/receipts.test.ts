import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { accept, lostOk, reject, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo, type TestAgent } from './support/test-agent.ts';

const stateOf = async (agent: TestAgent, id: string) => (await agent.getMessage({ id })).delivery.state;

async function withFakePeer(claims: { version?: string; features?: readonly string[] }) {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence(claims));
  await world.clock.advance(1_000);
  world.relay.offered.length = 0;
  return { world, agent, bob };
}

test('the delivery state goes from queued to published, delivered and read', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  bob.network.disconnect();
  alice.network.disconnect();
  const { id, state } = await alice.sendMessage({ to: bob.pubkey, content: 'x' });
  expect(state).toBe('queued');
  await settle(world.clock);
  expect(await stateOf(alice, id)).toBe('queued');
  alice.network.connect();
  await settle(world.clock);
  expect(await stateOf(alice, id)).toBe('published');
  bob.network.connect();
  await world.clock.advance(1_000);
  const delivered = (await alice.getMessage({ id })).delivery;
  expect(delivered).toMatchObject({
    state: 'delivered',
    delivered_at: expect.any(String),
    read_at: null,
    next_attempt_at: null,
  });
  await bob.markRead({ id });
  await world.clock.advance(1_000);
  expect((await alice.getMessage({ id })).delivery).toMatchObject({
    state: 'read',
    delivered_at: delivered.delivered_at,
    read_at: expect.any(String),
  });
  expect(await alice.getStatus({})).toMatchObject({ outbox: { queued: 0, published: 0, failed: 0 } });
});

test('peers that understand batches get several ids in one receipt', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  const mids = Array.from({ length: 5 }, (_, index) => `mid-of-bob-${index}`);
  for (const mid of mids) world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: mid, mid }));
  await world.clock.advance(1_000);
  expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'delivered', v: '0.3.0', msgIds: mids }]);
  await agent.markRead({ all: true });
  await world.clock.advance(1_000);
  expect(bob.opened(world.relay.offered).slice(1)).toMatchObject([{ type: 'read', msgIds: mids }]);
});

test('what just came waits once for its read receipt while the same peer is being read', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  const receipts = () =>
    bob.opened(world.relay.offered).map(({ type, msgIds }) => [type, (msgIds as string[])[0]]);
  const markRead = async (body: string) => {
    const { items } = await agent.listMessages({});
    await agent.markRead({ ids: items.flatMap(({ content, id }) => (content === body ? [id] : [])) });
  };
  for (const mid of ['mid-of-bob-1', 'mid-of-bob-2', 'mid-of-bob-3'])
    world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: mid, mid }));
  await world.clock.advance(50);
  await markRead('mid-of-bob-1');
  await world.clock.advance(60);
  expect(receipts()).toEqual([['read', 'mid-of-bob-1']]);

  // The second is read in time, the third is not: it does not wait again.
  await markRead('mid-of-bob-2');
  await world.clock.advance(110);
  expect(receipts().slice(1).sort()).toEqual([
    ['delivered', 'mid-of-bob-3'],
    ['read', 'mid-of-bob-2'],
  ]);
});

test('v0.2.0 gets one receipt for each message, by event id', async () => {
  const { world, agent, bob } = await withFakePeer({ version: '0.2.0' });
  const events = ['a', 'b'].map((body) =>
    bob.dm(agent.pubkey, { type: 'text', body, mid: `mid-${body}-12345` }),
  );
  world.relay.push(...events);
  await world.clock.advance(1_000);
  const receipts = bob.opened(world.relay.offered);
  expect(receipts.map(({ type, msgId }) => [type, msgId])).toEqual(events.map(({ id }) => ['delivered', id]));
  expect(receipts[0]).not.toHaveProperty('msgIds');
});

test.each([{ version: '0.1.0' }, { features: ['messaging', 'envelope'] }])(
  'a peer that does not understand receipts gets none: %j',
  async (claims) => {
    const { world, agent, bob } = await withFakePeer({ version: '0.3.0', ...claims });
    world.relay.push(bob.dm(agent.pubkey, 'x'));
    await world.clock.advance(1_000);
    await agent.markRead({ all: true });
    await world.clock.advance(1_000);
    expect(bob.opened(world.relay.offered)).toEqual([]);
  },
);

test('sends no receipt for a receipt, a hello or a ping', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  world.relay.push(bob.dm(agent.pubkey, { type: 'delivered', msgIds: ['unknown-id-1'] }));
  world.relay.push(bob.dm(agent.pubkey, { type: 'intro', v: '0.3.0', features: modern }));
  world.relay.push(bob.dm(agent.pubkey, { type: 'pong' }));
  await world.clock.advance(1_000);
  expect(bob.opened(world.relay.offered)).toEqual([]);
});

test('a receipt may overtake the OK of the relay', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  world.relay.onPublish = () => timeout;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  world.relay.push(bob.dm(agent.pubkey, { type: 'delivered', msgIds: [id] }));
  await settle(world.clock);
  expect((await agent.getMessage({ id })).delivery).toMatchObject({
    state: 'delivered',
    next_attempt_at: null,
  });
  const offers = world.relay.offered.length;
  await world.clock.advance(3_600_000);
  expect(world.relay.offered.filter(({ kind }) => kind === 4)).toHaveLength(
    world.relay.offered.slice(0, offers).filter(({ kind }) => kind === 4).length,
  );
});

test('a receipt may name the event id, and a later delivered does not undo a read', async () => {
  const { world, agent, bob } = await withFakePeer({ version: '0.2.0' });
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  world.relay.push(bob.dm(agent.pubkey, { type: 'read', msgId: id }));
  await settle(world.clock);
  world.relay.push(bob.dm(agent.pubkey, { type: 'delivered', msgId: id }));
  await settle(world.clock);
  expect((await agent.getMessage({ id })).delivery).toMatchObject({
    state: 'read',
    delivered_at: expect.any(String),
  });
});

test('a receipt does not affect a message to another peer', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  const mallory = world.fakePeer('mallory');
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  const [event] = agent.published(4).slice(-1);
  world.relay.push(mallory.dm(agent.pubkey, { type: 'read', msgIds: [id, event?.id] }));
  await settle(world.clock);
  expect(await stateOf(agent, id)).toBe('published');
});

test('a message that was read before its first receipt was sent gets one receipt: read', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'x', mid: 'mid-of-bob-1' }));
  await settle(world.clock);
  await agent.markRead({ id: 'mid-of-bob-1' });
  await world.clock.advance(1_000);
  expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'read', msgIds: ['mid-of-bob-1'] }]);
});

test('a repeated message gets its receipt again: read, if it was read', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  const payload = { type: 'text', body: 'x', mid: 'mid-of-bob-1' };
  world.relay.push(bob.dm(agent.pubkey, payload));
  await world.clock.advance(1_000);
  world.relay.push(bob.dm(agent.pubkey, payload, { created_at: Math.floor(world.clock.now() / 1000) + 1 }));
  await world.clock.advance(1_000);
  await agent.markRead({ id: 'mid-of-bob-1' });
  await world.clock.advance(1_000);
  world.relay.push(bob.dm(agent.pubkey, payload, { created_at: Math.floor(world.clock.now() / 1000) + 2 }));
  await world.clock.advance(1_000);
  // Due receipts are sent with the next batch at the latest.
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'y', mid: 'mid-of-bob-2' }));
  await world.clock.advance(1_000);
  const states = bob
    .opened(world.relay.offered)
    .filter(({ msgIds }) => (msgIds as string[]).includes('mid-of-bob-1'))
    .map(({ type }) => type);
  expect(states.at(-1)).toBe('read');
});

test('a due receipt survives a crash', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'x', mid: 'mid-of-bob-1' }));
  await settle(world.clock);
  expect(bob.opened(world.relay.offered)).toEqual([]);
  await world.start({ disk: await agent.crash() });
  await world.clock.advance(1_000);
  expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'delivered', msgIds: ['mid-of-bob-1'] }]);
});

test.each(['restricted: not for you', 'blocked: not for you', 'mute: not for you'])(
  'a receipt goes out once the only relay accepts us again, after %j',
  async (reason) => {
    const { world, agent, bob } = await withFakePeer({ features: modern });
    world.relay.onPublish = () => reject(reason);
    world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'x', mid: 'mid-of-bob-1' }));
    await world.clock.advance(2 * 60_000);
    await agent.markRead({ all: true });
    await world.clock.advance(2 * 60_000);
    world.relay.onPublish = () => accept;
    world.relay.offered.length = 0;
    await world.clock.advance(30 * 60_000);
    const states = bob.opened(world.relay.offered).map(({ type }) => type);
    expect(states).toEqual(expect.arrayContaining(['delivered', 'read']));
  },
);

test('a hello goes out once the only relay accepts us again', async () => {
  const world = createTestMesh();
  await world.start();
  const bob = world.fakePeer('bob');
  world.relay.onPublish = () => reject('restricted: not for you');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(2 * 60_000);
  world.relay.onPublish = () => accept;
  world.relay.offered.length = 0;
  await world.clock.advance(30 * 60_000);
  expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'intro' }]);
});

test('a receipt is sent after weeks in which the machine was off', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  // Without the relay's time, these weeks would not count.
  world.relay.clockOffsetMs = 0;
  await world.clock.advance(60_000);
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'x', mid: 'mid-of-bob-1' }));
  await settle(world.clock);
  agent.network.disconnect();
  await world.clock.advance(1_000);
  await agent.stop();
  await world.clock.advance(21 * 86_400_000);
  await world.start({ disk: agent.disk });
  await world.clock.advance(60_000);
  expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'delivered', msgIds: ['mid-of-bob-1'] }]);
});

test('a lost OK does not make two messages', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  world.relay.onPublish = () => lostOk;
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'once' });
  await world.clock.advance(60_000);
  expect(await bob.inbox()).toMatchObject([{ id, content: 'once' }]);
  expect(await stateOf(alice, id)).toBe('delivered');
});

test('receipts are sent even for more messages than one query returns', async () => {
  const { world, agent, bob } = await withFakePeer({ features: modern });
  const COUNT = 1_100;
  await agent.store.transaction((tables) => {
    for (let n = 0; n < COUNT; n++) {
      tables.messages.insert({
        id: `message-${n}`,
        eventId: `${n}`.padStart(64, '0'),
        peer: bob.pubkey,
        direction: 'in',
        type: 'text',
        content: 'x',
        data: null,
        replyTo: null,
        thread: null,
        timestampMs: world.clock.now(),
        arrivedAtMs: world.clock.now(),
        read: false,
        state: 'received',
        deliveredAtMs: null,
        readAtMs: null,
        receiptDue: 'none',
        seq: null,
        auto: false,
        hops: 0,
      });
    }
  });
  await agent.markRead({ all: true });
  await world.clock.advance(2_000);
  expect(await agent.store.read((tables) => tables.messages.receiptsDue('strangers', COUNT))).toEqual([]);
});
