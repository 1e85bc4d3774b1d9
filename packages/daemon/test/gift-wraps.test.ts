import { actor, createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../src/adapters/crypto/wasm-engine.ts';
import { createIdentity } from '../src/core/identity/identity.ts';
import { trustLimits } from '../src/core/trust/limits.ts';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, startTwo } from './support/test-agent.ts';

const DAY = 86_400_000;

test('two agents use gift wraps: relays learn neither the sender nor the time', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'psst' });
  await world.clock.advance(1_000);
  expect(await bob.inbox()).toMatchObject([{ id, from: alice.pubkey, content: 'psst' }]);
  expect((await alice.getMessage({ id })).delivery.state).toBe('delivered');
  const sealed = world.relay.offered.filter(({ kind }) => kind === 4 || kind === 1059);
  expect(new Set(sealed.map(({ kind }) => kind))).toEqual(new Set([1059]));
  expect(sealed.map(({ pubkey }) => pubkey)).not.toContain(alice.pubkey);
  expect(JSON.stringify(sealed)).not.toContain(alice.pubkey === bob.pubkey ? '' : id);
});

test('a peer without the feature gets NIP-04', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  expect(bob.opened(world.relay.offered).map(({ body }) => body)).toContain('x');
});

/** A person with a Nostr client: no presence, no ocmesh. */
function person(name: string) {
  const { secretKey } = actor(name);
  const clock = createFakeClock();
  return createIdentity({ engine: createWasmEngine(), random: createSeededRandom(7), clock }, secretKey);
}

test('a person who writes in gift wraps gets gift wraps, with one id on both sides', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const carol = person('carol');
  const nowSec = Math.floor(world.clock.now() / 1000);
  const { event, id } = carol.sealDm(agent.pubkey, 'hello agent', nowSec, 'nip17');
  world.relay.push(event);
  await settle(world.clock);
  expect(await agent.inbox()).toMatchObject([{ id, from: carol.pubkey, content: 'hello agent' }]);

  const answer = await agent.sendMessage({ to: carol.pubkey, content: 'hello', reply_to: id });
  await settle(world.clock);
  const wraps = world.relay.offered.filter(({ kind }) => kind === 1059).map((wrap) => carol.openDm(wrap));
  expect(wraps.find(({ plaintext }) => plaintext === 'hello')).toMatchObject({
    author: agent.pubkey,
    id: answer.id,
    replyTo: id,
  });
});

test('the same message in two gift wraps arrives once', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const carol = person('carol');
  const nowSec = Math.floor(world.clock.now() / 1000);
  const wraps = [1, 2].map(() => carol.sealDm(agent.pubkey, 'twice', nowSec, 'nip17').event);
  expect(wraps[0]?.id).not.toBe(wraps[1]?.id);
  world.relay.push(...wraps);
  await settle(world.clock);
  expect(await agent.inbox()).toHaveLength(1);
});

test('a newer presence without the feature turns it off, an older one does not', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const codecOf = async (content: string) => {
    world.relay.offered.length = 0;
    await agent.sendMessage({ to: bob.pubkey, content });
    await settle(world.clock);
    return world.relay.offered.filter(({ kind }) => kind === 4 || kind === 1059).map(({ kind }) => kind);
  };
  world.relay.push(bob.presence({ features: [...modern, 'nip17'] }));
  await settle(world.clock);
  expect(await codecOf('a')).toEqual([1059]);
  world.relay.push(
    bob.presence({ features: modern, createdAtSec: Math.floor(world.clock.now() / 1000) - 60 }),
  );
  await settle(world.clock);
  expect(await codecOf('b')).toEqual([1059]);
  await world.clock.advance(1_000);
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  expect(await codecOf('c')).toEqual([4]);
});

test('catch-up finds gift wraps on a relay, though their dates are random', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  await bob.stop();
  const ids: string[] = [];
  for (let n = 0; n < 15; n++) ids.push((await alice.sendMessage({ to: bob.pubkey, content: `m${n}` })).id);
  await alice.stop();
  // No agent runs meanwhile, so that no timer has to.
  await world.clock.advance(6 * DAY);
  const again = await world.start({ disk: bob.disk });
  await world.clock.advance(1_000);
  // In the order in which they were written, whatever the dates of their wraps.
  expect((await again.inbox()).map(({ content }) => content)).toEqual(ids.map((_, n) => `m${n}`));
});

test('a date in the future inside a gift wrap is cut to now', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const carol = person('carol');
  const nowSec = Math.floor(world.clock.now() / 1000);
  const { event } = carol.sealDm(agent.pubkey, 'from the future', nowSec + 10 * 86_400, 'nip17');
  world.relay.push({ ...event });
  await settle(world.clock);
  const [message] = await agent.inbox();
  // The wrap itself may be dated ahead too: then it is refused like any other event.
  if (message) expect(Date.parse(message.timestamp)).toBeLessThanOrEqual(world.clock.now());
});

test('a contact’s wrap deferred by a flood of wraps arrives, however far it is back-dated', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const friend = person('friend');
  world.relay.push(world.fakePeer('friend').presence());
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  await world.clock.advance(DAY / 12);
  const nowSec = Math.floor(world.clock.now() / 1000);
  const wrap = friend.sealDm(agent.pubkey, 'late', nowSec - 4 * 86_400, 'nip17').event;
  const flood = Array.from({ length: trustLimits.verifications.giftWraps.burst + 100 }, (_, n) => ({
    ...wrap,
    id: n.toString(16).padStart(64, '0'),
  }));
  world.relay.push(...flood);
  await settle(world.clock);
  world.relay.keep(wrap);
  world.relay.push(wrap);
  await settle(world.clock);
  expect(await agent.inbox()).toEqual([]);
  // Just long enough for the rate of the flood to recover.
  await world.clock.advance(31_000);
  expect(await agent.inbox()).toMatchObject([{ from: friend.pubkey, content: 'late' }]);
});
