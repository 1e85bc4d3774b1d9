import { expect, test } from 'vitest';
import { createTestMesh, settle, startTwo } from '../support/test-agent.ts';

// Between a broken frame and the `close` event a socket accepts no more writes. If the outbox kept retrying in that time
// without a pause, the event would never be delivered. On public relays it would use up the write budget.
test.each(['wss://public.test', 'ws://127.0.0.1:7447'])(
  'does not retry without a pause while the connection to %s is closing',
  async (url) => {
    const world = createTestMesh(url);
    const { alice, bob } = await startTwo(world);
    let asked = 0;
    const { publish } = alice.network;
    alice.network.publish = (url, event) =>
      ++asked < 1_000
        ? Promise.resolve({ outcome: 'not_connected', reason: null, prefix: null })
        : publish(url, event);
    await alice.sendMessage({ to: bob.pubkey, content: 'hello' });
    await settle(world.clock);
    expect(asked).toBeLessThan(10);
  },
);
