import { expect, test } from 'vitest';
import { trustLimits } from '../src/core/trust/limits.ts';
import { modern } from './support/fake-peer.ts';
import { type Answer, accept, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

test('a crash right after a block sends nothing to the blocked peer at the next start', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const box = await world.start({ up: false });
  const bob = world.fakePeer('bob');
  await box.addPeer({ pubkey: bob.pubkey });
  await box.sendMessage({ to: bob.pubkey, content: 'hm' });
  // As far as the first of the two steps gets: the block is on disk, and nothing of what follows from it.
  await box.store.transaction(({ peers }) => {
    const peer = peers.get(bob.pubkey);
    if (peer) peers.put({ ...peer, trust: 'blocked' });
  });
  const left = await box.crash();
  const again = await world.start({ disk: left });
  await world.clock.advance(60_000);
  expect(bob.opened(world.relay.offered)).toEqual([]);
  expect((await again.listMessages({ direction: 'out' })).items).toMatchObject([
    { delivery: { state: 'failed' } },
  ]);
});

test('blocked and unblocked over a restart: what was given up stays given up, and new words go out', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const box = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(1_000);
  world.relay.answer = () => timeout;
  await box.sendMessage({ to: bob.pubkey, content: 'old' });
  await world.clock.advance(1_000);
  await box.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await settle(world.clock);
  world.relay.offered.length = 0;
  const again = await world.start({ disk: await box.crash() });
  await again.updatePeer({ pubkey: bob.pubkey, trust: 'stranger' });
  await again.sendMessage({ to: bob.pubkey, content: 'new' });
  await world.clock.advance(60_000);
  const bodies = bob.opened(world.relay.offered).map(({ body }) => body);
  expect(bodies).toContain('new');
  expect(bodies).not.toContain('old');
});

test('what a blocked peer left unread takes no room from other strangers', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const box = await world.start({ bounds: { strangersMessages: 5 } });
  const [bob, carol] = [world.fakePeer('bob'), world.fakePeer('carol')];
  for (let n = 0; n < 5; n++) world.relay.push(bob.dm(box.pubkey, `spam ${n}`));
  await settle(world.clock);
  await box.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await world.clock.advance(5_000);
  world.relay.push(carol.dm(box.pubkey, 'hello'));
  await settle(world.clock);
  expect((await box.inbox()).map(({ content }) => content)).toContain('hello');
});

/** Our message is under way when its receiver gets blocked; `say` is the relay's answer. */
async function blockedWhileARelayIsAsked() {
  const world = createTestMesh('ws://127.0.0.1:1');
  const box = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(1_000);
  let answer = (_: Answer): void => {};
  world.relay.answer = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const { id } = await box.sendMessage({ to: bob.pubkey, content: 'just before' });
  await settle(world.clock);
  await box.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  return { world, box, bob, id, say: (said: Answer) => answer(said) };
}

test('what a relay was taking while its peer got blocked counts as what the relay says', async () => {
  const { world, box, id, say } = await blockedWhileARelayIsAsked();
  await settle(world.clock);
  world.relay.answer = () => accept;
  say(accept);
  await settle(world.clock);
  expect(await box.getMessage({ id })).toMatchObject({ delivery: { state: 'published' } });
  expect((await box.getStatus({})).outbox).toMatchObject({ queued: 0 });
});

test('what a relay did not answer before the block is offered to it no more', async () => {
  const { world, box, bob, id, say } = await blockedWhileARelayIsAsked();
  world.relay.offered.length = 0;
  world.relay.answer = () => accept;
  say(timeout);
  await world.clock.advance(600_000);
  expect(await box.getMessage({ id })).toMatchObject({ delivery: { state: 'failed' } });
  expect(bob.opened(world.relay.offered)).toEqual([]);
});

test('a blocked peer that floods us with gift wraps makes us ask for nothing again', async () => {
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
  expect(world.relay.queries.filter(({ kinds }) => kinds?.includes(1059))).toEqual([]);
});
