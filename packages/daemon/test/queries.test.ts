import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

async function asked(name?: string) {
  const world = createTestMesh();
  const agent = await world.start(name === undefined ? {} : { name });
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(1_000);
  world.relay.offered.length = 0;
  const ask = async (payload: Record<string, unknown>): Promise<void> => {
    world.relay.push(bob.dm(agent.pubkey, { ts: world.clock.now(), v: '0.3.0', ...payload }));
    await settle(world.clock);
  };
  return { world, agent, bob, ask, replies: () => bob.opened(world.relay.offered) };
}

test('replies to a ping with a pong', async () => {
  const { world, agent, ask, replies } = await asked();
  await ask({ type: 'ping' });
  expect(replies()).toEqual([{ type: 'pong', ts: world.clock.now(), v: '0.3.0' }]);
  expect(await agent.inbox()).toEqual([]);
});

test('replies to a query for its profile', async () => {
  const { ask, replies } = await asked('Ann');
  await ask({ type: 'profile' });
  expect(replies()).toMatchObject([{ type: 'profile', name: 'Ann', about: '', capabilities: [] }]);
});

test('stores a profile with content, and does not reply to it', async () => {
  const { agent, bob, ask, replies } = await asked();
  await ask({ type: 'profile', name: 'Bob', about: 'builds things', capabilities: ['build'] });
  expect(replies()).toEqual([]);
  expect(await agent.peer(bob.pubkey)).toMatchObject({
    name: 'Bob',
    about: 'builds things',
    capabilities: ['build'],
  });
});

test('two agents without names do not keep replying to each other’s profiles', async () => {
  const { ask, replies } = await asked();
  await ask({ type: 'profile', name: '', about: '', capabilities: ['chat'] });
  expect(replies()).toEqual([]);
});

test('does not reply to a pong', async () => {
  const { ask, replies } = await asked();
  await ask({ type: 'pong' });
  expect(replies()).toEqual([]);
});

test('replies to one peer at most every five seconds, whatever the clock does', async () => {
  const { world, ask, replies } = await asked();
  for (let i = 0; i < 10; i++) await ask({ type: 'ping', ts: i });
  expect(replies()).toHaveLength(1);
  await world.clock.advance(4_999);
  await ask({ type: 'ping', ts: 11 });
  expect(replies()).toHaveLength(1);
  await world.clock.advance(1);
  await ask({ type: 'ping', ts: 12 });
  expect(replies()).toHaveLength(2);
  world.clock.jump(-600_000);
  await world.clock.advance(5_000);
  await ask({ type: 'ping', ts: 13 });
  expect(replies()).toHaveLength(3);
});

test('one peer’s endless queries do not keep others from their replies', async () => {
  const { world, agent, ask } = await asked();
  await ask({ type: 'ping' });
  const carol = world.fakePeer('carol');
  world.relay.push(carol.dm(agent.pubkey, { type: 'ping' }));
  await settle(world.clock);
  expect(carol.opened(world.relay.offered)).toContainEqual(expect.objectContaining({ type: 'pong' }));
});

test('gives up an unsent reply after ten minutes', async () => {
  const { world, agent, ask, replies } = await asked();
  world.relay.onPublish = () => ({ outcome: 'timeout', reason: null, prefix: null, keeps: false });
  await ask({ type: 'ping' });
  await world.clock.advance(11 * 60_000);
  const tries = replies().length;
  await world.clock.advance(3_600_000);
  expect(replies()).toHaveLength(tries);
  expect((await agent.getStatus({})).outbox).toEqual({ queued: 0, published: 0, failed: 0 });
});
