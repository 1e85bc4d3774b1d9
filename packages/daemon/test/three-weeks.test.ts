import { expect, test } from 'vitest';
import { createTestMesh, startTwo } from './support/test-agent.ts';

const DAY = 86_400_000;
const MESSAGES = 1_000;
const LIMIT = 100;

test('three weeks offline, a thousand messages on relays with pages of a hundred: all arrive once, in order', async () => {
  const world = createTestMesh('ws://127.0.0.1:1', 'ws://127.0.0.1:2');
  const { alice, bob } = await startTwo(world);
  await bob.stop();
  const contents = Array.from({ length: MESSAGES }, (_, n) => `m${n}`);
  // Spread over the weeks; no timers run in between.
  for (let week = 0; week < 10; week++) {
    for (const content of contents.slice(week * 100, (week + 1) * 100)) {
      await alice.sendMessage({ to: bob.pubkey, content });
      // No second has more than a page.
      if (Number(content.slice(1)) % 40 === 0) await world.clock.advance(1_000);
    }
    await world.clock.advance(5_000);
    world.clock.jump(2 * DAY);
    await world.clock.advance(11_000);
  }
  for (const relay of world.mesh.relays) relay.maxRows = LIMIT;
  world.clock.jump(DAY);
  const again = await world.start({ disk: bob.disk });
  await world.clock.advance(60_000);
  expect((await again.inbox()).map(({ content }) => content)).toEqual(contents);
});

test('a message signed while the relay was down and published while the receiver was offline arrives', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const { alice, bob } = await startTwo(world);
  alice.network.disconnect();
  await alice.sendMessage({ to: bob.pubkey, content: 'late' });
  await world.clock.advance(9 * 60_000);
  bob.network.disconnect();
  alice.network.connect();
  await world.clock.advance(60_000);
  alice.network.disconnect();
  bob.network.connect();
  await world.clock.advance(1_000);
  expect(await bob.inbox()).toMatchObject([{ content: 'late' }]);
});
