import { expect, test } from 'vitest';
import { catchUpLimits } from '../src/core/catch-up/limits.ts';
import { trustLimits } from '../src/core/trust/limits.ts';
import { modern } from './support/fake-peer.ts';
import { accept, type Reaction, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

test('sends nothing to a blocked peer after a crash right after the block', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start({ up: false });
  const bob = world.fakePeer('bob');
  await agent.addPeer({ pubkey: bob.pubkey });
  await agent.sendMessage({ to: bob.pubkey, content: 'hm' });
  // A crash between the two steps: the block is on disk, but its consequences are not.
  await agent.store.transaction(({ peers }) => {
    const peer = peers.get(bob.pubkey);
    if (peer) peers.put({ ...peer, trust: 'blocked' });
  });
  const left = await agent.crash();
  const again = await world.start({ disk: left });
  await world.clock.advance(60_000);
  expect(bob.opened(world.relay.offered)).toEqual([]);
  expect((await again.listMessages({ direction: 'out' })).items).toMatchObject([
    { delivery: { state: 'failed' } },
  ]);
});

test('after a block, a restart and an unblock, old messages stay failed and new ones are sent', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(1_000);
  world.relay.onPublish = () => timeout;
  await agent.sendMessage({ to: bob.pubkey, content: 'old' });
  await world.clock.advance(1_000);
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await settle(world.clock);
  world.relay.offered.length = 0;
  const again = await world.start({ disk: await agent.crash() });
  await again.updatePeer({ pubkey: bob.pubkey, trust: 'stranger' });
  await again.sendMessage({ to: bob.pubkey, content: 'new' });
  await world.clock.advance(60_000);
  const bodies = bob.opened(world.relay.offered).map(({ body }) => body);
  expect(bodies).toContain('new');
  expect(bodies).not.toContain('old');
});

test('unread messages of a blocked peer do not count against other strangers’ quota', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start({ bounds: { strangersMessages: 5 } });
  const [bob, carol] = [world.fakePeer('bob'), world.fakePeer('carol')];
  for (let n = 0; n < 5; n++) world.relay.push(bob.dm(agent.pubkey, `spam ${n}`));
  await settle(world.clock);
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await world.clock.advance(5_000);
  world.relay.push(carol.dm(agent.pubkey, 'hello'));
  await settle(world.clock);
  expect((await agent.inbox()).map(({ content }) => content)).toContain('hello');
});

/** Blocks a peer while our message to it is under way; `sendOk` sends the relay's OK. */
async function blockDuringPublish() {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(1_000);
  let sendOk = (_: Reaction): void => {};
  world.relay.onPublish = () =>
    new Promise((resolve) => {
      sendOk = resolve;
    });
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'just before' });
  await settle(world.clock);
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  return { world, agent, bob, id, sendOk: (reaction: Reaction) => sendOk(reaction) };
}

test('a message under way when its peer is blocked gets the state the relay reports', async () => {
  const { world, agent, id, sendOk } = await blockDuringPublish();
  await settle(world.clock);
  world.relay.onPublish = () => accept;
  sendOk(accept);
  await settle(world.clock);
  expect(await agent.getMessage({ id })).toMatchObject({ delivery: { state: 'published' } });
  expect((await agent.getStatus({})).outbox).toMatchObject({ queued: 0 });
});

test('does not retry a message on a relay after its peer was blocked', async () => {
  const { world, agent, bob, id, sendOk } = await blockDuringPublish();
  world.relay.offered.length = 0;
  world.relay.onPublish = () => accept;
  sendOk(timeout);
  await world.clock.advance(600_000);
  expect(await agent.getMessage({ id })).toMatchObject({ delivery: { state: 'failed' } });
  expect(bob.opened(world.relay.offered)).toEqual([]);
});

test('a blocked peer’s flood of gift wraps causes no refetch', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const { alice, bob } = await startTwo(world);
  await world.clock.advance(2 * 3_600_000);
  await alice.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  world.relay.queries.length = 0;
  const floods = trustLimits.stranger.messagesBurst + 20;
  for (let n = 0; n < floods; n++)
    await bob.sendMessage({ to: alice.pubkey, content: `spam ${n}` }, { owner: true });
  await world.clock.advance(600_000);
  const { blocked, ...others } = await alice.refused();
  expect(blocked).toBeGreaterThanOrEqual(floods);
  expect(others).toEqual({});
  const refetches = world.relay.queries.filter(
    ({ kinds, limit }) => kinds?.includes(1059) && limit === catchUpLimits.pageEvents,
  );
  expect(refetches).toEqual([]);
});
