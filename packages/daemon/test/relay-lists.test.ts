import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { type FakePeer, modern } from './support/fake-peer.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const THEIRS = ['wss://a.test', 'wss://b.test', 'wss://c.test', 'wss://d.test'];

/** Starts an agent on one relay, and a peer that names other relays. */
async function withPeer(lists: (bob: FakePeer) => NostrEvent[]) {
  const world = createTestMesh(ONE, ...THEIRS);
  const bob = world.fakePeer('bob');
  world.relay.keep(...lists(bob));
  const agent = await world.start({ config: { relays: [ONE] } });
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(10_000);
  return { world, agent, bob };
}

const dmList = (bob: FakePeer, urls: readonly string[], created_at?: number): NostrEvent =>
  bob.sign({ kind: 10_050, tags: urls.map((url) => ['relay', url]), ...(created_at ? { created_at } : {}) });
const readList = (bob: FakePeer, tags: string[][]): NostrEvent => bob.sign({ kind: 10_002, tags });

const reached = async ({ world, agent, bob }: Awaited<ReturnType<typeof withPeer>>) => {
  await agent.sendMessage({ to: bob.pubkey as Pubkey, content: 'x' });
  await world.clock.advance(1_000);
  return world.mesh.relays
    .filter((relay) => bob.opened(relay.offered).some(({ body }) => body === 'x'))
    .map(({ url }) => url);
};

test('publishes once the relays it reads from', async () => {
  const world = createTestMesh(ONE, 'wss://two.test');
  const agent = await world.start();
  await world.clock.advance(600_000);
  for (const relay of world.mesh.relays) {
    const lists = relay.offered.filter(({ kind }) => kind === 10_002 || kind === 10_050);
    expect(lists.map(({ kind, tags }) => ({ kind, tags }))).toEqual([
      {
        kind: 10_002,
        tags: [
          ['r', ONE],
          ['r', 'wss://two.test'],
        ],
      },
      {
        kind: 10_050,
        tags: [
          ['relay', ONE],
          ['relay', 'wss://two.test'],
        ],
      },
    ]);
  }
  expect(agent.published(10_002)).toHaveLength(1);
});

test('does not publish relays whose address may hold a secret', async () => {
  const world = createTestMesh('wss://private.test/?token=s3cret', ONE, 'wss://own.test/x?key');
  await world.start();
  await world.clock.advance(600_000);
  const offered = world.mesh.relays.flatMap((relay) => relay.offered);
  const lists = offered.filter(({ kind }) => kind === 10_002 || kind === 10_050);
  expect(new Set(lists.flatMap(({ tags }) => tags.map(([, url]) => url)))).toEqual(new Set([ONE]));
  expect(JSON.stringify(offered)).not.toContain('s3cret');
});

test('does not publish local relays, nor relays where it cannot read messages', async () => {
  const world = createTestMesh('ws://127.0.0.1:7777', ONE, 'wss://deaf.test');
  world.mesh.relay('wss://deaf.test').carriesDms = false;
  const agent = await world.start();
  await world.clock.advance(60_000);
  expect(agent.published(10_002)[0]?.tags).toEqual([
    ['r', ONE],
    ['r', 'wss://deaf.test'],
  ]);
  expect(agent.published(10_050)[0]?.tags).toEqual([['relay', ONE]]);
});

test('also sends a message to the relays of the peer’s list for messages, three at most', async () => {
  const peer = await withPeer((bob) => [dmList(bob, THEIRS), readList(bob, [['r', 'wss://d.test']])]);
  expect(await reached(peer)).toEqual([ONE, ...THEIRS.slice(0, 3)]);
  expect(peer.world.mesh.relay('wss://a.test').offered.map(({ kind }) => kind)).not.toContain(31_337);
});

test('without a list for messages, uses the relays the peer reads from', async () => {
  const peer = await withPeer((bob) => [
    readList(bob, [
      ['r', 'wss://a.test', 'write'],
      ['r', 'wss://b.test', 'read'],
      ['r', 'wss://c.test'],
    ]),
  ]);
  expect(await reached(peer)).toEqual([ONE, 'wss://b.test', 'wss://c.test']);
});

test('never connects to an address that is not public, whatever the list says', async () => {
  const peer = await withPeer((bob) => [
    dmList(bob, [
      'ws://a.test',
      'wss://127.0.0.1',
      'wss://[::1]',
      'wss://10.0.0.1:7432',
      'wss://localhost',
      'wss://router.local',
      'wss://user:pw@a.test',
      'https://a.test',
      `wss://${'x'.repeat(600)}.test`,
      'nonsense',
    ]),
  ]);
  expect(await reached(peer)).toEqual([ONE]);
});

test('does not connect to the relays of a stranger that only writes to us', async () => {
  const { world, agent, bob } = await withPeer((each) => [dmList(each, ['wss://a.test'])]);
  world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'read me', mid: 'x'.repeat(16) }));
  await world.clock.advance(120_000);
  expect(bob.opened(world.relay.offered).map(({ type }) => type)).toContain('delivered');
  expect(world.mesh.relay('wss://a.test').offered).toEqual([]);
});

test('an older list does not replace a newer one', async () => {
  const peer = await withPeer((bob) => [dmList(bob, ['wss://a.test'])]);
  peer.world.relay.push(dmList(peer.bob, ['wss://b.test'], Math.floor(peer.world.clock.now() / 1000) - 600));
  await settle(peer.world.clock);
  expect(await reached(peer)).toEqual([ONE, 'wss://a.test']);
});

test('ignores the list of an unknown key', async () => {
  const peer = await withPeer(() => []);
  const mallory = peer.world.fakePeer('mallory');
  peer.world.relay.push(dmList(mallory, ['wss://a.test']));
  await settle(peer.world.clock);
  expect(peer.agent.store.peek((tables) => tables.relayLists.get(mallory.pubkey, 10_050))).toBeNull();
});
