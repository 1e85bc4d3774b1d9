import { type NostrEvent, tagValue } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, type TestMesh } from './support/test-agent.ts';

const MINUTE = 60_000;
const nowSec = (world: TestMesh): number => Math.floor(world.clock.now() / 1000);

/** An agent whose relay has a presence that neither the subscription nor a scan brought: too old to be online. */
async function unseen(claims: Parameters<ReturnType<TestMesh['fakePeer']>['presence']>[0] = {}) {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const presence = bob.presence({ name: 'Bob', createdAtSec: nowSec(world) - 3_600, ...claims });
  world.relay.keep(presence);
  return { world, agent, bob, presence };
}

test('looks up an unknown key, however old its presence is', async () => {
  const { agent, bob, world } = await unseen();
  expect(await agent.peer(bob.pubkey)).toMatchObject({ name: 'Bob', online: false });
  const asked = world.relay.queries.length;
  await agent.peer(bob.pubkey);
  expect(world.relay.queries).toHaveLength(asked);
});

test('a peer of which only messages are known is looked up as well', async () => {
  const { agent, bob, world } = await unseen();
  world.relay.push(bob.dm(agent.pubkey, 'hi'));
  await settle(world.clock);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ name: 'Bob' });
});

test.each([
  ['a hello', { type: 'intro', v: '0.3.0', features: modern }],
  ['a message of an ocmesh agent', { type: 'chat', v: '0.3.0', body: 'hi' }],
])('a peer of which %s arrived is not looked up before a message to it', async (_, payload) => {
  const { agent, bob, world } = await unseen();
  world.relay.push(bob.dm(agent.pubkey, { ...payload, from: bob.pubkey }));
  await settle(world.clock);
  const asked = world.relay.queries.length;
  await agent.sendMessage({ to: bob.pubkey, content: 'hi' });
  expect(world.relay.queries).toHaveLength(asked);
});

test('an unknown key that no relay knows stays unknown, and is not asked for again at once', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const nobody = world.fakePeer('nobody').pubkey;
  const asked = () => world.relay.queries.filter(({ authors }) => authors?.includes(nobody)).length;
  await expect(agent.peer(nobody)).rejects.toMatchObject({ code: 'peer_unknown' });
  await expect(agent.peer(nobody)).rejects.toMatchObject({ code: 'peer_unknown' });
  expect(asked()).toBe(1);
  await world.clock.advance(6 * MINUTE);
  await expect(agent.peer(nobody)).rejects.toMatchObject({ code: 'peer_unknown' });
  expect(asked()).toBe(2);
});

test('the first message to an unknown agent that reads gift wraps goes in one', async () => {
  const { agent, bob, world } = await unseen({ features: [...modern, 'nip17'] });
  await agent.sendMessage({ to: bob.pubkey, content: 'hi' });
  await settle(world.clock);
  const toBob = world.relay.offered.filter(({ tags }) => tagValue({ tags }, 'p') === bob.pubkey);
  expect(toBob.map(({ kind }) => kind)).toContain(1059);
  expect(toBob.map(({ kind }) => kind)).not.toContain(4);
});

test('a handle that somebody told by voice finds an agent we never saw', async () => {
  const world = createTestMesh();
  const bob = await world.start({ name: 'bob' });
  const presence = bob.published(31337).at(-1) as NostrEvent;
  const other = createTestMesh();
  const alice = await other.start({ seed: 9 });
  other.relay.keep(presence);
  const handle = bob.pubkey.slice(0, 8);
  expect(await alice.getPeer({ pubkey: handle as typeof bob.pubkey })).toMatchObject({
    pubkey: bob.pubkey,
    name: 'bob',
  });
});

test('a label with digits of another key finds nobody', async () => {
  const { world, agent, bob } = await unseen();
  const liar = world.fakePeer('liar');
  const digits = bob.pubkey.slice(0, 8) === 'aaaaaaaa' ? 'bbbbbbbb' : 'aaaaaaaa';
  const tags = [...liar.presence().tags, ['l', digits, 'ocmesh.handle']];
  world.relay.keep(liar.sign({ kind: 31337, tags, content: '' }));
  await expect(agent.getPeer({ pubkey: digits as typeof bob.pubkey })).rejects.toMatchObject({
    code: 'peer_unknown',
  });
});

test('an agent is found by its name on a relay whose agents we do not follow', async () => {
  const world = createTestMesh();
  const bob = await world.start({ name: 'Wetter Fröschli' });
  const presence = bob.published(31337).at(-1) as NostrEvent;
  const other = createTestMesh();
  const alice = await other.start({ seed: 9 });
  other.relay.keep(presence);
  const found = await alice.listPeers({ can: 'wetter froschli' });
  expect(found.items).toMatchObject([{ name: 'Wetter Fröschli' }]);
  expect(found.items[0]?.capabilities).toEqual([]);
});

test('a name that few known agents have is asked for on sampled relays, and the result says so', async () => {
  const world = createTestMesh();
  const bob = await world.start({ name: 'Wetter Fröschli' });
  const presence = bob.published(31337).at(-1) as NostrEvent;
  const other = createTestMesh();
  const crowd = Array.from({ length: 30 }, (_, n) => other.fakePeer(`agent ${n}`).presence());
  other.relay.keep(...crowd);
  const alice = await other.start({ seed: 9, config: { discovery_budget_mb_per_day: 1 } });
  await other.clock.advance(5 * MINUTE);
  expect((await alice.getStatus({})).discovery.mode).toBe('sampled');
  other.relay.keep(presence);
  const found = await alice.listPeers({ q: 'wetter fröschli' });
  expect(found.items).toMatchObject([{ name: 'Wetter Fröschli' }]);
  expect(found.asked).toMatchObject({ relays: 1 });
  expect((await alice.listPeers({ q: bob.pubkey.slice(0, 8) })).items).toHaveLength(1);
});

test('looks up a few keys a minute, whoever asks for more', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  for (let n = 0; n < 50; n++) await agent.peer(world.fakePeer(`nobody ${n}`).pubkey).catch(() => {});
  const asked = world.relay.queries.filter(({ authors }) => authors?.length === 1);
  expect(asked).toHaveLength(10);
});
