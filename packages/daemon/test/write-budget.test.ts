import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { accept, type MemoryRelay, reject, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const TWO = 'wss://two.test';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PRESENCE = 31_337;

/** Starts an agent whose write budget is full again after greeting one peer. */
async function greeted(...urls: string[]) {
  const world = createTestMesh(...urls);
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(HOUR / 4);
  for (const relay of world.mesh.relays) relay.offered.length = 0;
  const send = (content: string) => agent.sendMessage({ to: bob.pubkey, content });
  const sent = (relay: MemoryRelay) => bob.opened(relay.offered);
  return { world, agent, bob, send, sent, relays: world.mesh.relays as MemoryRelay[] };
}

test('a public relay gets 20 messages at once, then 10 a minute', async () => {
  const { world, send, sent, relays } = await greeted(ONE);
  for (let n = 0; n < 60; n++) await send(`m${n}`);
  await settle(world.clock);
  expect(sent(relays[0] as MemoryRelay)).toHaveLength(20);
  await world.clock.advance(60_000);
  expect(sent(relays[0] as MemoryRelay)).toHaveLength(30);
  await world.clock.advance(3 * 60_000);
  expect(sent(relays[0] as MemoryRelay).map(({ body }) => body)).toEqual(
    Array.from({ length: 60 }, (_, n) => `m${n}`),
  );
});

test('a relay on this machine or network has no write budget', async () => {
  const { world, send, sent, relays } = await greeted('ws://127.0.0.1:7777', 'ws://192.168.1.2:7777');
  for (let n = 0; n < 60; n++) await send(`m${n}`);
  await settle(world.clock);
  for (const relay of relays) expect(sent(relay)).toHaveLength(60);
});

test('messages come before hellos when the write budget is short', async () => {
  const { world, agent, send, sent, relays } = await greeted(ONE);
  for (let n = 0; n < 20; n++) await send(`m${n}`);
  const strangers = Array.from({ length: 3 }, (_, n) => world.fakePeer(`stranger ${n}`));
  world.relay.push(...strangers.map((each) => each.presence()));
  await settle(world.clock);
  const relay = relays[0] as MemoryRelay;
  expect(sent(relay)).toHaveLength(20);
  await send('urgent');
  relay.offered.length = 0;
  await world.clock.advance(6_000);
  expect(sent(relay)).toMatchObject([{ body: 'urgent' }]);
  expect(agent.published(4)).toHaveLength(1);
  await world.clock.advance(18_000);
  expect(agent.published(4)).toHaveLength(4);
});

test.each([
  ['rate-limited: slow down', 60_000],
  ['rate-limited: retry in 5 s', 5_000],
  ['ERROR: rate-limited: come back in 3 minutes', 180_000],
  ['rate-limited: try again in 99999 minutes', 3_600_000],
])('after %j, no message at all is written for %s ms', async (reason, pauseMs) => {
  const { world, agent, send, sent, relays } = await greeted(ONE);
  const relay = relays[0] as MemoryRelay;
  relay.onPublish = () => reject(reason);
  const { id } = await send('first');
  await settle(world.clock);
  relay.onPublish = () => accept;
  await send('second');
  await world.clock.advance(pauseMs - 1_000);
  expect(sent(relay)).toHaveLength(1);
  const { next_attempt_at: next } = (await agent.getMessage({ id })).delivery;
  expect(next).not.toBeNull();
  await world.clock.advance(4_000);
  expect(
    sent(relay)
      .map(({ body }) => body)
      .sort(),
  ).toEqual(['first', 'first', 'second']);
  expect((await agent.getMessage({ id })).delivery.state).toBe('published');
});

test('writes nothing for 10 minutes to a relay that refuses us, while another accepts the message', async () => {
  const { world, agent, send, sent, relays } = await greeted(ONE, TWO);
  const [one, two] = relays as [MemoryRelay, MemoryRelay];
  one.onPublish = () => reject('restricted: members only');
  await send('first');
  await settle(world.clock);
  expect(sent(one)).toHaveLength(1);
  one.offered.length = 0;
  const { id } = await send('second');
  await world.clock.advance(9 * MINUTE);
  expect(one.offered).toEqual([]);
  expect(sent(two)).toHaveLength(2);
  // A skipped relay has no outcome.
  expect((await agent.getMessage({ id })).delivery).toMatchObject({
    state: 'published',
    relays: [{ url: TWO }],
  });
  // Then it gets what it missed, and the next message.
  one.onPublish = () => accept;
  await world.clock.advance(3 * MINUTE);
  await send('third');
  await settle(world.clock);
  expect(sent(one).map(({ body }) => body)).toEqual(expect.arrayContaining(['second', 'third']));
});

test('a relay that refused us once gets our presence again, as the peers on it know us from there', async () => {
  const { world, send, relays } = await greeted(ONE, TWO);
  const [one] = relays as [MemoryRelay];
  one.onPublish = () => reject('restricted: members only');
  await send('first');
  await world.clock.advance(2 * MINUTE);
  one.onPublish = () => accept;
  one.offered.length = 0;
  await world.clock.advance(20 * MINUTE);
  expect(one.offered.map(({ kind }) => kind)).toContain(PRESENCE);
});

test('a relay that goes on to refuse us is left alone for twice as long each time, up to a day', async () => {
  const { world, send, relays } = await greeted(ONE, TWO);
  const [one] = relays as [MemoryRelay];
  one.onPublish = () => reject('restricted: members only');
  await send('first');
  await world.clock.advance(24 * HOUR);
  expect(one.offered.length).toBeLessThan(20);
  one.offered.length = 0;
  await world.clock.advance(48 * HOUR);
  expect(one.offered.length).toBeLessThan(6);
});

test('tries a relay that refuses us if no other accepts the message', async () => {
  const { world, agent, send, sent, relays } = await greeted(ONE, TWO);
  const [one, two] = relays as [MemoryRelay, MemoryRelay];
  one.onPublish = () => reject('restricted: members only');
  await send('first');
  await settle(world.clock);
  two.onPublish = () => reject('invalid: not this one');
  one.onPublish = () => accept;
  const { id } = await send('second');
  await settle(world.clock);
  expect(sent(one).map(({ body }) => body)).toEqual(['first', 'second']);
  expect((await agent.getMessage({ id })).delivery.state).toBe('published');
});

test('a silent relay delays no other', async () => {
  const { world, agent, send, sent, relays } = await greeted('ws://127.0.0.1:1', 'ws://127.0.0.1:2');
  const [one, two] = relays as [MemoryRelay, MemoryRelay];
  one.onPublish = () => new Promise((resolve) => world.clock.after(10_000, () => resolve(timeout)));
  const ids: string[] = [];
  for (let n = 0; n < 200; n++) ids.push((await send(`m${n}`)).id);
  await settle(world.clock);
  expect(sent(two)).toHaveLength(200);
  for (const id of ids) expect((await agent.getMessage({ id })).delivery.state).toBe('published');
  // It gets fewer events at a time, the longer it is silent.
  one.offered.length = 0;
  await world.clock.advance(60_000);
  expect(sent(one).length).toBeLessThan(100);
  one.onPublish = () => accept;
  await world.clock.advance(10_000);
});
