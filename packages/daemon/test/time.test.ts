import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function onOneRelay() {
  const world = createTestMesh('wss://one.test');
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(60_000);
  const inbox = async () => (await agent.inbox()).map(({ content }) => content);
  return { world, agent, bob, inbox };
}

test.each([
  ['minutes', 20 * 60_000],
  ['three weeks', 21 * DAY],
])('after a sleep of %s, messages are fetched without waiting for the connection to break', async (_, ms) => {
  const { world, agent, bob, inbox } = await onOneRelay();
  world.clock.jump(ms);
  // Dated early and late in the sleep.
  const nowSec = Math.floor(world.clock.now() / 1000);
  world.relay.keep(
    bob.dm(agent.pubkey, 'early', { created_at: nowSec - Math.floor(ms / 1000) + 60 }),
    bob.dm(agent.pubkey, 'late', { created_at: nowSec - 60 }),
  );
  await world.clock.advance(15_000);
  expect(await inbox()).toEqual(['early', 'late']);
  expect(agent.network.wakes()).toBe(1);
});

test.each([DAY, -DAY, 365 * DAY, -365 * DAY])(
  'a clock that is off by %s ms and set right loses no message',
  async (ms) => {
    const { world, agent, bob, inbox } = await onOneRelay();
    const trueSec = () => Math.floor(world.clock.now() / 1000);
    world.relay.push(bob.dm(agent.pubkey, 'before'));
    await settle(world.clock);
    const offset = Math.floor(ms / 1000);
    world.clock.jump(ms);
    await world.clock.advance(60_000);
    // The others have the right time.
    const during = bob.dm(agent.pubkey, 'during', { created_at: trueSec() - offset });
    world.relay.keep(during);
    world.relay.push(during);
    await world.clock.advance(2 * HOUR);
    world.clock.jump(-ms);
    await world.clock.advance(60_000);
    world.relay.push(bob.dm(agent.pubkey, 'after'));
    await settle(world.clock);
    expect([...(await inbox())].sort()).toEqual(['after', 'before', 'during']);
    expect((await agent.getStatus({})).outbox.failed).toBe(0);
  },
);

test('a clock that jumps ahead expires nothing in the outbox until a relay confirms the time', async () => {
  const { world, agent, bob } = await onOneRelay();
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  world.clock.jump(365 * DAY);
  await world.clock.advance(HOUR);
  expect((await agent.getMessage({ id })).delivery.state).toBe('queued');
  world.clock.jump(-365 * DAY);
  agent.network.connect();
  await settle(world.clock);
  expect((await agent.getMessage({ id })).delivery.state).toBe('published');
});

test('after a long sleep that a relay confirms, expired messages expire', async () => {
  const { world, agent, bob } = await onOneRelay();
  world.relay.clockOffsetMs = 0;
  await world.clock.advance(60_000);
  agent.network.disconnect();
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  await world.clock.advance(1_000);
  world.clock.jump(8 * DAY);
  world.relay.onPublish = () => ({ outcome: 'not_connected', reason: null, prefix: null, keeps: false });
  agent.network.connect();
  await world.clock.advance(60_000);
  expect((await agent.getMessage({ id })).delivery.state).toBe('expired');
});

test('a clock that jumps ahead deletes nothing', async () => {
  const { world, agent, bob, inbox } = await onOneRelay();
  world.relay.push(bob.dm(agent.pubkey, 'old'));
  await settle(world.clock);
  await agent.markRead({ all: true });
  world.clock.jump(400 * DAY);
  await world.clock.advance(3 * HOUR);
  expect(await inbox()).toEqual(['old']);
});
