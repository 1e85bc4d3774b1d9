import { expect, test } from 'vitest';
import { createTestMesh, startTwo } from './support/test-agent.ts';

test('two agents discover each other, exchange hellos and reply', async () => {
  const world = createTestMesh();
  const { alice, bob } = await startTwo(world);
  expect(await alice.peers()).toMatchObject([
    { pubkey: bob.pubkey, name: 'bob', online: true, handshake: 'acknowledged' },
  ]);
  expect(await bob.peers()).toMatchObject([
    { pubkey: alice.pubkey, name: 'alice', handshake: 'acknowledged' },
  ]);

  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'hi 👋' });
  await world.clock.advance(1_000);
  expect(await bob.inbox()).toMatchObject([
    { id, from: alice.pubkey, from_name: 'alice', content: 'hi 👋', read: false },
  ]);
  expect((await alice.getMessage({ id })).delivery.state).toBe('delivered');

  await bob.sendMessage({ to: alice.pubkey, content: 'hello', reply_to: id });
  await world.clock.advance(1_000);
  expect(await alice.inbox()).toMatchObject([{ from: bob.pubkey, content: 'hello', reply_to: id }]);
});
