import { kinds } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { createTestMesh, settle, type TestAgent, type TestMesh } from './support/test-agent.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const show = (world: TestMesh, from: number, count: number): void => {
  for (let n = from; n < from + count; n++) world.relay.push(world.fakePeer(`stranger ${n}`).presence());
};

const hellos = (agent: TestAgent): number => agent.published(kinds.encryptedDm).length;

async function crowd(count: number) {
  const world = createTestMesh('ws://relay.lan:1');
  world.relay.clockOffsetMs = 0;
  const agent = await world.start();
  show(world, 0, count);
  await settle(world.clock);
  return { world, agent };
}

test('greets six peers at once, and never more than six in any minute', async () => {
  const { world, agent } = await crowd(40);
  expect(hellos(agent)).toBe(6);
  const at: number[] = [];
  for (let second = 0; second < 300; second++) {
    at.push(hellos(agent));
    await world.clock.advance(1_000);
  }
  for (let second = 60; second < 300; second++) {
    expect((at[second] as number) - (at[second - 60] as number)).toBeLessThanOrEqual(6);
  }
  expect(hellos(agent)).toBeGreaterThanOrEqual(24);
});

test('greets peers that had to wait later, each once', async () => {
  const { world, agent } = await crowd(20);
  await world.clock.advance(10 * MINUTE);
  const greeted = agent.published(kinds.encryptedDm).flatMap(({ tags }) => tags.map(([, to]) => to));
  expect(new Set(greeted).size).toBe(20);
  expect(greeted).toHaveLength(20);
});

test('a restart does not reset the limit of the minute', async () => {
  const { world, agent } = await crowd(20);
  await world.clock.advance(5_000);
  const again = await world.start({ disk: await agent.crash() });
  show(world, 20, 10);
  await world.clock.advance(40_000);
  const ids = [...agent.published(4), ...again.published(4)].map(({ id }) => id);
  expect(new Set(ids).size).toBe(6);
});

test('greets 100 peers a day that only showed up, across restarts, and continues the next day', async () => {
  const { world, agent } = await crowd(160);
  await world.clock.advance(50 * MINUTE);
  expect(hellos(agent)).toBe(100);
  await agent.stop();
  const again = await world.start({ disk: agent.disk });
  await world.clock.advance(2 * MINUTE);
  const all = (): number => new Set([...agent.published(4), ...again.published(4)].map(({ id }) => id)).size;
  expect(all()).toBe(100);
  world.clock.jump(DAY);
  await world.clock.advance(20 * MINUTE);
  expect(all()).toBe(160);
});

test('a clock that is set back by a year neither lifts the limits nor stops hellos', async () => {
  const { world, agent } = await crowd(6);
  world.clock.jump(-365 * DAY);
  world.relay.clockOffsetMs = 0;
  show(world, 100, 3);
  await settle(world.clock);
  expect(hellos(agent)).toBe(6);
  await world.clock.advance(70_000);
  await settle(world.clock);
  expect(hellos(agent)).toBe(9);
});

test('greets peers the owner named before other strangers', async () => {
  const { world, agent } = await crowd(30);
  const friend = world.fakePeer('friend');
  await agent.addPeer({ pubkey: friend.pubkey, alias: 'friend' });
  world.relay.push(friend.presence());
  await world.clock.advance(70_000);
  expect(await agent.peer(friend.pubkey)).toMatchObject({ handshake: 'sent' });
});

test('does not greet a forgotten key again when it is rediscovered', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start({ bounds: { peers: 3, peersEvicted: 1 } });
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence());
  await world.clock.advance(MINUTE);
  show(world, 0, 5);
  await world.clock.advance(10 * MINUTE);
  await expect(agent.peer(bob.pubkey)).rejects.toMatchObject({ code: 'peer_unknown' });
  const before = hellos(agent);
  world.relay.push(bob.presence());
  await world.clock.advance(10 * MINUTE);
  expect(await agent.peer(bob.pubkey)).toMatchObject({ handshake: 'sent' });
  expect(hellos(agent)).toBe(before);
});

test('greets peers the owner named first, however many strangers appear', async () => {
  const { world, agent } = await crowd(120);
  const friend = world.fakePeer('friend');
  await agent.addPeer({ pubkey: friend.pubkey, alias: 'friend' });
  world.relay.push(friend.presence());
  await world.clock.advance(2 * MINUTE);
  expect(await agent.peer(friend.pubkey)).toMatchObject({ handshake: 'sent' });
});

test('many blocked peers that were never greeted delay no hello', async () => {
  const { world, agent } = await crowd(80);
  for (let n = 0; n < 80; n++) {
    const { pubkey } = world.fakePeer(`stranger ${n}`);
    if ((await agent.peer(pubkey)).handshake === 'none') await agent.updatePeer({ pubkey, trust: 'blocked' });
  }
  const late = world.fakePeer('late');
  // Seen before all others.
  world.relay.push(late.presence({ createdAtSec: Math.floor(world.clock.now() / 1000) - 60 }));
  await world.clock.advance(5 * MINUTE);
  expect(await agent.peer(late.pubkey)).toMatchObject({ handshake: 'sent' });
});

const intro = { type: 'intro', v: '0.2.0' };

test('greets a newcomer that greeted us within two minutes, after 220 keys that only showed up', async () => {
  const { world, agent } = await crowd(220);
  await world.clock.advance(60 * MINUTE);
  const newcomer = world.fakePeer('newcomer');
  world.relay.push(newcomer.dm(agent.pubkey, intro));
  await world.clock.advance(2 * MINUTE);
  expect(await agent.peer(newcomer.pubkey)).toMatchObject({ handshake: 'acknowledged' });
});

test('greets a newcomer that greeted us while made-up keys keep coming', async () => {
  const { world, agent } = await crowd(6);
  // So that the pause of those that wait never ends just when a hello becomes free.
  await world.clock.advance(5_000);
  show(world, 6, 54);
  const newcomer = world.fakePeer('newcomer');
  world.relay.push(newcomer.presence());
  await settle(world.clock);
  world.relay.push(newcomer.dm(agent.pubkey, intro));
  // Each of them would take what becomes free at once.
  for (let tenth = 0; tenth < 700; tenth++) {
    show(world, 1_000 + tenth, 1);
    await world.clock.advance(100);
  }
  expect(await agent.peer(newcomer.pubkey)).toMatchObject({ handshake: 'acknowledged' });
});

test('greets a peer the owner named, after 220 made-up keys that all greeted us', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start();
  for (let n = 0; n < 220; n++) {
    world.relay.push(world.fakePeer(`stranger ${n}`).dm(agent.pubkey, intro));
    if (n % 20 === 0) await world.clock.advance(MINUTE);
  }
  await world.clock.advance(60 * MINUTE);
  expect(hellos(agent)).toBe(180);
  const friend = world.fakePeer('friend');
  await agent.addPeer({ pubkey: friend.pubkey, alias: 'friend' });
  world.relay.push(friend.presence());
  await world.clock.advance(2 * MINUTE);
  expect(await agent.peer(friend.pubkey)).toMatchObject({ handshake: 'sent' });
});

test('peers that replied to our hello leave the limit to others that only showed up', async () => {
  const { world, agent } = await crowd(120);
  await world.clock.advance(30 * MINUTE);
  expect(hellos(agent)).toBe(100);
  for (let n = 0; n < 10; n++) {
    world.relay.push(world.fakePeer(`stranger ${n}`).dm(agent.pubkey, 'hi, too'));
  }
  await world.clock.advance(5 * MINUTE);
  expect(hellos(agent)).toBe(110);
});
