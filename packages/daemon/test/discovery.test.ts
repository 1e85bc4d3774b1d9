import { ourFeatures } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

const MINUTE = 60_000;

test.each([1, 31337] as const)('discovers a peer by its kind %i presence', async (kind) => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ kind, name: 'Bob', version: '0.2.0', features: ['messaging', 'x'] }));
  await settle(world.clock);
  expect(await agent.peers()).toMatchObject([
    { pubkey: bob.pubkey, name: 'Bob', version: '0.2.0', features: ['messaging', 'x'], online: true },
  ]);
  expect(agent.log.lines).toContainEqual(
    expect.objectContaining({ message: `discovered peer ${bob.pubkey}` }),
  );
});

test('ignores a note that has only one of the two tags of a presence', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  for (const tags of [[['t', 'ocmesh']], [['app', 'ocmesh']], [['d', 'ocmesh-presence']]]) {
    world.relay.push(bob.sign({ kind: 1, tags }));
  }
  world.relay.push(
    bob.sign({
      kind: 31337,
      tags: [
        ['d', 'something-else'],
        ['t', 'ocmesh'],
        ['app', 'ocmesh'],
      ],
    }),
  );
  await settle(world.clock);
  expect(await agent.peers()).toEqual([]);
  expect(await agent.refused()).toEqual({ no_presence: 4 });
});

test('a peer without features can be written to', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  world.relay.push(world.fakePeer('bob').presence({ version: '0.1.0' }));
  await settle(world.clock);
  expect(await agent.peers()).toMatchObject([{ features: ['messaging'] }]);
});

test('discovers peers that announced themselves before it started', async () => {
  const world = createTestMesh();
  world.relay.keep(world.fakePeer('bob').presence());
  const agent = await world.start();
  expect(await agent.peers()).toHaveLength(1);
});

test('a scan finds peers that the live subscription missed', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  world.relay.keep(world.fakePeer('bob').presence());
  await settle(world.clock);
  expect(await agent.peers()).toEqual([]);
  await world.clock.advance(2 * MINUTE);
  expect(await agent.peers()).toHaveLength(1);
});

test('never lists itself', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  await world.clock.advance(10 * MINUTE);
  expect(world.relay.offered.length).toBeGreaterThan(0);
  expect(await agent.peers()).toEqual([]);
  expect(await agent.getStatus({})).toMatchObject({ peer_count: 0, known_peer_count: 0 });
});

test('counts a peer as online for 15 minutes after its last sign of life', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence());
  await world.clock.advance(15 * MINUTE);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ online: true });
  expect(await agent.getStatus({})).toMatchObject({ peer_count: 1 });
  await world.clock.advance(1);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ online: false });
  expect(await agent.getStatus({})).toMatchObject({ peer_count: 0, known_peer_count: 1 });
});

test('counts a message as a sign of life at the time it was written', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const writtenAt = Math.floor(world.clock.now() / 1000);
  await world.clock.advance(20 * MINUTE);
  world.relay.push(bob.dm(agent.pubkey, 'late', { created_at: writtenAt }));
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({
    online: false,
    last_seen: new Date(writtenAt * 1000).toISOString(),
  });
  world.relay.push(bob.dm(agent.pubkey, 'now'));
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ online: true });
});

test('a presence dated in the future does not keep a peer online longer', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ createdAtSec: Math.floor(world.clock.now() / 1000) + 800 }));
  await settle(world.clock);
  await world.clock.advance(15 * MINUTE + 1);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ online: false });
});

test('an older presence changes nothing, whichever relay sends it', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const nowSec = Math.floor(world.clock.now() / 1000);
  world.relay.push(bob.presence({ name: 'new' }), bob.presence({ name: 'old', createdAtSec: nowSec - 60 }));
  await settle(world.clock);
  expect(await agent.peers()).toMatchObject([{ name: 'new' }]);
});

test('an offline presence takes a peer offline at once, a newer presence brings it back', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const nowSec = Math.floor(world.clock.now() / 1000);
  world.relay.push(bob.presence());
  await settle(world.clock);
  world.relay.push(bob.presence({ offline: true, createdAtSec: nowSec + 1 }));
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({
    online: false,
    last_seen: new Date(nowSec * 1000).toISOString(),
  });
  await world.clock.advance(5_000);
  world.relay.push(bob.presence());
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ online: true });
});

test('an offline presence of an unknown key adds no peer', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  world.relay.push(world.fakePeer('bob').presence({ offline: true }));
  await settle(world.clock);
  expect(await agent.peers()).toEqual([]);
});

test('publishes an offline presence that peers see, also long after its last announcement', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  await world.clock.advance(4 * MINUTE);
  await bob.stop();
  await settle(world.clock);
  expect(await alice.peer(bob.pubkey)).toMatchObject({ online: false, name: 'bob' });
});

test('ignores an expired presence', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const nowSec = Math.floor(world.clock.now() / 1000);
  world.relay.push(world.fakePeer('bob').presence({ createdAtSec: nowSec - 20, expiration: nowSec - 1 }));
  await settle(world.clock);
  expect(await agent.peers()).toEqual([]);
});

test('keeps its peers across a restart', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const disk = await alice.crash();
  const again = await world.start({ disk, up: false });
  expect(again.pubkey).toBe(alice.pubkey);
  expect(await again.peers()).toMatchObject([
    { pubkey: bob.pubkey, name: 'bob', handshake: 'acknowledged', features: [...ourFeatures] },
  ]);
});
