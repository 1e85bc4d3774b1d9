import { minuteMs } from '@ocmesh/shared/ambient';
import { expect, test } from 'vitest';
import { createTestMesh, startTwo } from './support/test-agent.ts';

test('shows what happened in each minute, from the start of the daemon', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const { alice, bob } = await startTwo(world);
  await alice.sendMessage({ to: bob.pubkey, content: 'hello' });
  await world.clock.advance(minuteMs);
  const [sent, received] = [await alice.getHistory({}), await bob.getHistory({})];
  expect(sent.points.at(-1)).toMatchObject({
    messages_in: 0,
    messages_out: 1,
    peers_online: 1,
    relays_connected: 2,
  });
  expect(received.points.at(-1)).toMatchObject({ messages_in: 1, messages_out: 0 });
  expect(Object.keys(sent.points.at(-1)?.round_trip_ms ?? {})).toEqual(['wss://one.test', 'wss://two.test']);
  await world.clock.advance(minuteMs);
  expect((await alice.getHistory({})).points.at(-1)).toMatchObject({ messages_out: 0 });
});
