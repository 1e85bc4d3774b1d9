import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

test('a peer added by key is known, not seen yet, and can be written to', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  expect(await agent.addPeer({ pubkey: bob.pubkey, alias: 'my Bob' })).toMatchObject({
    pubkey: bob.pubkey,
    alias: 'my Bob',
    name: null,
    online: false,
    last_seen: '1970-01-01T00:00:00.000Z',
    first_seen: new Date(world.clock.now()).toISOString(),
    trust: 'stranger',
    reachability: { state: 'stored' },
  });
  expect(await agent.getStatus({})).toMatchObject({ peer_count: 0, known_peer_count: 1 });
  await agent.sendMessage({ to: bob.pubkey, content: 'hello' });
  await settle(world.clock);
  expect(bob.opened(agent.published(4))).toContainEqual(expect.objectContaining({ text: 'hello' }));
});

test('greets a peer added by key once, like a discovered one', async () => {
  const world = createTestMesh();
  const agent = await world.start({ name: 'Ann' });
  const bob = world.fakePeer('bob');
  await agent.addPeer({ pubkey: bob.pubkey });
  await settle(world.clock);
  await agent.addPeer({ pubkey: bob.pubkey });
  world.relay.push(bob.presence());
  await settle(world.clock);
  expect(bob.opened(agent.published(4))).toMatchObject([{ type: 'intro' }]);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ handshake: 'sent', online: true });
});

test('accepts an npub', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const { npub, pubkey } = await (await world.start()).getIdentity({});
  expect(await agent.addPeer({ pubkey: npub })).toMatchObject({ pubkey });
});

test('adding a known peer changes only its alias, and only if one is given', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ name: 'Bob', features: modern }));
  await settle(world.clock);
  const before = await agent.peer(bob.pubkey);
  expect(await agent.addPeer({ pubkey: bob.pubkey })).toEqual(before);
  expect(await agent.addPeer({ pubkey: bob.pubkey, alias: 'my Bob' })).toEqual({
    ...before,
    alias: 'my Bob',
  });
  expect(await agent.addPeer({ pubkey: bob.pubkey })).toMatchObject({ alias: 'my Bob' });
});

test('refuses our own key and values that are not keys', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  for (const pubkey of [agent.pubkey, agent.agent.identity.npub, 'nonsense', 'ab'.repeat(31)]) {
    await expect(agent.addPeer({ pubkey })).rejects.toMatchObject({ code: 'invalid_pubkey' });
  }
  expect(await agent.peers()).toEqual([]);
});

test('refuses 64 hex digits that are not on the curve', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  await expect(agent.addPeer({ pubkey: 'f'.repeat(64) })).rejects.toMatchObject({ code: 'invalid_pubkey' });
  expect(await agent.peers()).toEqual([]);
});
