import { nprofileEncode } from 'nostr-tools/nip19';
import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { accept, reject } from './support/memory-relay-network.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const THEIRS = 'wss://theirs.test';
const MINUTE = 60_000;

/** Starts an agent on one relay, next to a relay of the peer's own. */
async function withPeer() {
  const world = createTestMesh(ONE, THEIRS);
  const agent = await world.start({ config: { relays: [ONE] } });
  const bob = world.fakePeer('bob');
  const theirs = world.mesh.relay(THEIRS);
  return {
    world,
    agent,
    bob,
    theirs,
    nprofile: (...relays: string[]) => nprofileEncode({ pubkey: bob.pubkey, relays }),
    async meet() {
      world.relay.push(bob.presence({ features: modern }));
      await world.clock.advance(20 * MINUTE);
    },
    async send(to: string = bob.pubkey, owner = false) {
      const { id } = await agent.sendMessage({ to, content: 'x' }, { owner });
      await settle(world.clock);
      return id;
    },
    relaysOf: async (id: string) => (await agent.getMessage({ id })).delivery.relays,
  };
}

test('names the only relay of the peer that is down, until it has the message', async () => {
  const { world, bob, theirs, meet, send, relaysOf } = await withPeer();
  await meet();
  world.relay.push(bob.sign({ kind: 10_050, tags: [['relay', THEIRS]] }));
  theirs.reachable = false;
  await settle(world.clock);
  const writtenAt = new Date(world.clock.now()).toISOString();
  const id = await send();
  expect(await relaysOf(id)).toEqual([
    { url: ONE, outcome: 'accepted', reason: null, at: expect.any(String) },
    { url: THEIRS, outcome: 'pending', reason: 'not connected', at: writtenAt },
  ]);
  theirs.reachable = true;
  await world.clock.advance(2 * MINUTE);
  expect(await relaysOf(id)).toMatchObject([
    { url: ONE, outcome: 'accepted' },
    { url: THEIRS, outcome: 'accepted' },
  ]);
});

test('names our own relays while none is connected, and none once the message expired', async () => {
  const { world, agent, bob, meet, relaysOf } = await withPeer();
  await meet();
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x', expires_in_s: 60 });
  expect(await relaysOf(id)).toMatchObject([{ url: ONE, outcome: 'pending', reason: 'not connected' }]);
  await world.clock.advance(2 * MINUTE);
  expect(await relaysOf(id)).toEqual([]);
});

test('names a relay whose turn has not come, but not one that is being asked', async () => {
  const { world, send, meet, relaysOf } = await withPeer();
  await meet();
  let answer = (_: typeof accept): void => {};
  const answered = new Promise<typeof accept>((resolve) => {
    answer = resolve;
  });
  world.relay.onPublish = () => answered;
  const asked = await send();
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) ids.push(await send());
  expect(await relaysOf(asked)).toEqual([]);
  expect(await relaysOf(ids.at(-1) as string)).toMatchObject([
    { url: ONE, outcome: 'pending', reason: 'waits for its turn' },
  ]);
  answer(accept);
  await settle(world.clock);
});

test('a relay that is tried again keeps its last outcome', async () => {
  const { world, send, meet, relaysOf } = await withPeer();
  await meet();
  world.relay.onPublish = ({ kind }) => (kind === 4 ? reject('error: disk full') : accept);
  expect(await relaysOf(await send())).toMatchObject([
    { url: ONE, outcome: 'rejected', reason: 'error: disk full' },
  ]);
});

test('the relays of an nprofile that the owner adds get messages, also after a restart', async () => {
  const { world, agent, bob, theirs, nprofile } = await withPeer();
  await agent.addPeer({ pubkey: nprofile(THEIRS) }, { owner: true });
  await agent.stop();
  const again = await world.start({ disk: agent.disk, config: { relays: [ONE] } });
  await again.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(MINUTE);
  expect(bob.opened(theirs.offered)).toMatchObject([{ text: 'x' }]);
});

test('the relays of an nprofile that the owner writes or gives an alias to are used as well', async () => {
  const first = await withPeer();
  await first.meet();
  await first.send(first.nprofile(THEIRS), true);
  await first.world.clock.advance(MINUTE);
  expect(first.bob.opened(first.theirs.offered)).toMatchObject([{ body: 'x' }]);
  const second = await withPeer();
  await second.meet();
  await second.agent.updatePeer({ pubkey: second.nprofile(THEIRS), alias: 'Bob' }, { owner: true });
  await second.send();
  await second.world.clock.advance(MINUTE);
  expect(second.bob.opened(second.theirs.offered)).toMatchObject([{ body: 'x' }]);
});

test('a message that waits goes to the relays of the nprofile as soon as the owner gives it', async () => {
  const { world, agent, bob, theirs, nprofile, meet, send } = await withPeer();
  await meet();
  agent.network.disconnect(ONE);
  await send();
  await agent.addPeer({ pubkey: nprofile(THEIRS) }, { owner: true });
  await world.clock.advance(MINUTE);
  expect(bob.opened(theirs.offered)).toMatchObject([{ body: 'x' }]);
});

test('an nprofile that an agent gives connects to no relay', async () => {
  const { world, agent, theirs, nprofile, send } = await withPeer();
  await agent.addPeer({ pubkey: nprofile(THEIRS) });
  await send(nprofile(THEIRS));
  await world.clock.advance(MINUTE);
  expect(theirs.offered).toEqual([]);
});

test('of an nprofile, the first three public relays are used', async () => {
  const { agent, bob, nprofile } = await withPeer();
  const relays = ['ws://a.test', 'wss://127.0.0.1', 'wss://A.test/', ...'bcde'].map((each) =>
    each.length === 1 ? `wss://${each}.test` : each,
  );
  await agent.addPeer({ pubkey: nprofile(...relays) }, { owner: true });
  const stored = agent.store.peek((tables) => tables.relayLists.hints(bob.pubkey));
  expect(stored).toEqual(['wss://a.test', 'wss://b.test', 'wss://c.test']);
  // A key alone takes nothing back.
  await agent.addPeer({ pubkey: bob.pubkey }, { owner: true });
  expect(agent.store.peek((tables) => tables.relayLists.hints(bob.pubkey))).toEqual(stored);
});
