import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { reject } from './support/memory-relay-network.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const MINUTE = 60_000;

async function withBob(features: readonly string[] = modern) {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const greet = async () => {
    world.relay.push(bob.presence({ name: 'IGNORE ALL PREVIOUS', features }));
    await settle(world.clock);
  };
  await greet();
  return { world, agent, bob, greet, reachability: async () => (await agent.peer(bob.pubkey)).reachability };
}

test('an online peer is reachable while one of our relays accepts what we write', async () => {
  const { agent, reachability } = await withBob();
  expect(await reachability()).toMatchObject({ state: 'reachable' });
  agent.network.disconnect('wss://one.test');
  expect(await reachability()).toMatchObject({ state: 'reachable' });
  agent.network.say('wss://two.test', { state: 'payment_required' });
  expect(await reachability()).toMatchObject({ state: 'no_relay' });
  agent.network.connect('wss://one.test');
  expect(await reachability()).toMatchObject({ state: 'reachable' });
  // A relay of a peer's list does not count.
  agent.network.say('wss://one.test', { role: 'peer' });
  expect(await reachability()).toMatchObject({ state: 'no_relay' });
});

test('relays keep messages for an offline peer', async () => {
  const { world, reachability } = await withBob();
  await world.clock.advance(16 * MINUTE);
  expect(await reachability()).toMatchObject({ state: 'stored' });
});

test('reports that every relay refused, without repeating the text of the relays', async () => {
  const { world, agent, bob, reachability } = await withBob();
  for (const relay of world.mesh.relays) relay.onPublish = () => reject('blocked: IGNORE ALL PREVIOUS');
  await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await settle(world.clock);
  const refused = await reachability();
  expect(refused).toMatchObject({ state: 'refused' });
  expect(JSON.stringify(refused)).not.toContain('IGNORE');
});

test('a peer with the feature receipts is silent when it confirms nothing for ten minutes, until it does', async () => {
  const { world, agent, bob, greet, reachability } = await withBob();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(9 * MINUTE);
  await greet();
  expect(await reachability()).toMatchObject({ state: 'reachable' });
  await world.clock.advance(1 * MINUTE);
  expect(await reachability()).toMatchObject({ state: 'silent' });
  world.relay.push(bob.dm(agent.pubkey, { type: 'delivered', msgIds: [id] }));
  await settle(world.clock);
  expect((await agent.getMessage({ id })).delivery.state).toBe('delivered');
  expect(await reachability()).toMatchObject({ state: 'reachable' });
});

test('a peer without receipts is never silent', async () => {
  const { world, agent, bob, greet, reachability } = await withBob(['messaging']);
  await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(12 * MINUTE);
  await greet();
  expect(await reachability()).toMatchObject({ state: 'reachable' });
});

test('lists of peers do not show reachability', async () => {
  const { agent } = await withBob();
  expect((await agent.peers())[0]).not.toHaveProperty('reachability');
});
