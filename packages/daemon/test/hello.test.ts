import { ourFeatures } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { reject, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

test.each([
  ['0.1.0', { type: 'ocmesh-hello', version: '0.3.0' }],
  ['0.1.7', { type: 'ocmesh-hello' }],
  ['0.2.0', { type: 'intro', v: '0.3.0', features: [...ourFeatures], capabilities: [], name: 'Ann' }],
  ['0.3.0', { type: 'intro' }],
  ['', { type: 'intro' }],
])('greets a peer of version %j in its dialect', async (version, hello) => {
  const world = createTestMesh();
  const agent = await world.start({ name: 'Ann' });
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ version }));
  await settle(world.clock);
  expect(bob.opened(world.relay.offered)).toMatchObject([
    { ...hello, from: agent.pubkey, ts: world.clock.now() },
  ]);
});

test('greets a key once, however often and wherever it appears, also across a restart', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  for (const relay of world.mesh.relays) relay.push(bob.presence({ kind: 1 }), bob.presence());
  await settle(world.clock);
  await world.clock.advance(600_000);
  world.relay.push(bob.presence());
  await settle(world.clock);
  const again = await world.start({ disk: await agent.crash() });
  world.relay.push(bob.presence({ createdAtSec: Math.floor(world.clock.now() / 1000) + 5 }));
  await world.clock.advance(60_000);
  const hellos = [...agent.published(4), ...again.published(4)].map(({ id }) => id);
  expect(new Set(hellos).size).toBe(1);
});

test('sends no hello to a person, whose client would show the JSON, until it shows that it is an agent', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.dm(agent.pubkey, 'hi there'));
  world.relay.push(bob.dm(agent.pubkey, { type: 'note', text: 'JSON of another program' }));
  await agent.addPeer({ pubkey: bob.pubkey, alias: 'my Bob' });
  await world.clock.advance(600_000);
  expect(bob.opened(world.relay.offered)).toEqual([]);
  const after = await world.start({ disk: await agent.crash() });
  world.relay.push(bob.dm(after.pubkey, 'still me'));
  await world.clock.advance(600_000);
  expect(bob.opened(world.relay.offered)).toEqual([]);
  world.relay.push(bob.presence());
  await settle(world.clock);
  expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'intro' }]);
});

test('greets a peer discovered by a message of an ocmesh version', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.dm(agent.pubkey, { type: 'task', v: '0.2.0', body: 'hi there' }));
  await settle(world.clock);
  expect(bob.opened(world.relay.offered)).toMatchObject([{ type: 'intro' }]);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ handshake: 'sent' });
});

test('a message of the peer after our hello acknowledges the handshake', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence());
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ handshake: 'sent' });
  world.relay.push(bob.dm(agent.pubkey, 'oh, hi'));
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ handshake: 'acknowledged' });
  expect(agent.log.lines.filter(({ message }) => message.startsWith('handshake acknowledged'))).toHaveLength(
    1,
  );
});

test('the handshake is acknowledged if the peer greeted first', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(
    bob.dm(agent.pubkey, { type: 'intro', v: '0.2.0', name: 'Bob', capabilities: ['chat', 'code'] }),
  );
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({
    handshake: 'acknowledged',
    name: 'Bob',
    version: '0.2.0',
    capabilities: ['chat', 'code'],
  });
  expect(agent.log.lines.filter(({ message }) => message.startsWith('handshake acknowledged'))).toHaveLength(
    1,
  );
});

test('the handshake is not acknowledged before our hello is out', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  world.relay.onPublish = () => timeout;
  const bob = world.fakePeer('bob');
  world.relay.push(bob.dm(agent.pubkey, { type: 'intro', v: '0.2.0' }));
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ handshake: 'none' });
});

test('does not reply to a hello with a second hello', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence());
  await settle(world.clock);
  for (let round = 0; round < 3; round++) {
    world.relay.push(bob.dm(agent.pubkey, { type: 'intro', v: '0.2.0', ts: round }));
    await world.clock.advance(60_000);
  }
  expect(bob.opened(agent.published(4))).toHaveLength(1);
});

test('two agents exchange one hello each', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  await world.clock.advance(900_000);
  const wraps = world.relay.offered.filter(({ kind }) => kind === 1059);
  expect(wraps.flatMap(({ tags }) => tags).sort()).toEqual(
    [
      ['p', alice.pubkey],
      ['p', bob.pubkey],
    ].sort(),
  );
});

test('greets peers after a crash that it could not greet before', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  world.relay.onPublish = () => reject('rate-limited: slow down');
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence());
  await settle(world.clock);
  const [hello] = agent.published(4);
  world.relay.onPublish = () => ({ outcome: 'accepted', reason: null, prefix: null, keeps: true });
  const again = await world.start({ disk: await agent.crash() });
  await settle(world.clock);
  expect(again.published(4)).toEqual([hello]);
  expect(await again.peer(bob.pubkey)).toMatchObject({ handshake: 'sent' });
});

test('hellos are not shown as messages', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  expect([...(await alice.inbox()), ...(await bob.inbox())]).toEqual([]);
});

test('an old hello does not override a newer presence', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const nowSec = Math.floor(world.clock.now() / 1000);
  world.relay.push(bob.presence({ name: 'new', features: modern }));
  await settle(world.clock);
  world.relay.push(
    bob.dm(agent.pubkey, { type: 'intro', v: '0.1.0', name: 'old' }, { created_at: nowSec - 10 }),
  );
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ name: 'new', features: modern, version: '0.3.0' });
});
