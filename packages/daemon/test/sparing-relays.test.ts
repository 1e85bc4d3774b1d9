import { expect, test } from 'vitest';
import { modern } from './support/fake-peer.ts';
import { accept, type MemoryRelay, reject, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const TWO = 'wss://two.test';
const THREE = 'wss://three.test';
const MINUTE = 60_000;

/** Starts an agent that has greeted one peer. */
async function greeted(...urls: string[]) {
  const world = createTestMesh(...urls);
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await world.clock.advance(15 * MINUTE);
  for (const relay of world.mesh.relays) relay.offered.length = 0;
  return {
    world,
    agent,
    relays: world.mesh.relays as MemoryRelay[],
    async send(content: string) {
      const { id } = await agent.sendMessage({ to: bob.pubkey, content });
      await settle(world.clock);
      return id;
    },
    sent: (relay: MemoryRelay) => bob.opened(relay.offered).map(({ body }) => body),
    delivery: async (id: string) => (await agent.getMessage({ id })).delivery,
    reasons: async () => (await agent.getStatus({})).reasons.map(({ code }) => code),
  };
}

/** Refuses the next message with this reason, and accepts everything else. */
function refuseNext(relay: MemoryRelay, reason: string): void {
  relay.onPublish = ({ kind }) => {
    if (kind !== 4) return accept;
    relay.onPublish = () => accept;
    return reject(reason);
  };
}

test.each(['blocked: slow down', 'restricted: not now', 'mute: quiet please'])(
  'a relay that refused one message with %j gets the next ones while the other relay is down, and then that one too',
  async (reason) => {
    const { agent, relays, send, sent, delivery } = await greeted(ONE, TWO);
    const [one] = relays as [MemoryRelay];
    agent.network.disconnect(TWO);
    refuseNext(one, reason);
    const first = await send('first');
    expect(await delivery(first)).toMatchObject({ state: 'queued' });
    const second = await send('second');
    expect((await delivery(second)).state).toBe('published');
    expect((await delivery(first)).state).toBe('published');
    expect(sent(one)).toEqual(['first', 'second', 'first']);
  },
);

test('a message that skipped a relay goes there when the relay it relied on closes', async () => {
  const { world, agent, relays, send, sent, delivery } = await greeted(ONE, TWO);
  const [one, two] = relays as [MemoryRelay, MemoryRelay];
  refuseNext(one, 'blocked: slow down');
  await send('first');
  two.onPublish = () => timeout;
  const second = await send('second');
  expect(sent(one)).toEqual(['first']);
  expect((await delivery(second)).state).toBe('queued');
  agent.network.disconnect(TWO);
  await settle(world.clock);
  expect((await delivery(second)).state).toBe('published');
  expect(sent(one)).toEqual(['first', 'second']);
});

test('a message that skipped two relays goes to both when the third starts to refuse as well', async () => {
  const { world, relays, send, sent, delivery } = await greeted(ONE, TWO, THREE);
  const [one, two, three] = relays as [MemoryRelay, MemoryRelay, MemoryRelay];
  refuseNext(one, 'blocked: slow down');
  refuseNext(two, 'blocked: slow down');
  await send('first');
  three.onPublish = () => timeout;
  const second = await send('second');
  expect([sent(one), sent(two)]).toEqual([['first'], ['first']]);
  three.onPublish = () => reject('restricted: members only');
  await world.clock.advance(10 * MINUTE);
  expect((await delivery(second)).state).toBe('published');
  expect([...sent(one), ...sent(two)]).toContain('second');
});

test('a message that every open relay refused goes to the first of them that accepts us again', async () => {
  const { world, agent, relays, send, sent, delivery } = await greeted(ONE, TWO);
  const [one] = relays as [MemoryRelay];
  agent.network.disconnect(TWO);
  one.onPublish = ({ kind }) => (kind === 4 ? reject('blocked: slow down') : accept);
  const id = await send('first');
  one.onPublish = () => accept;
  // The next presence shows that the relay accepts us.
  await world.clock.advance(10 * MINUTE);
  expect((await delivery(id)).state).toBe('published');
  expect(sent(one)).toEqual(['first', 'first']);
});

test('a relay that accepts our presence and refuses our messages is not asked over and over', async () => {
  const { world, agent, relays, send, sent } = await greeted(ONE, TWO);
  const [one] = relays as [MemoryRelay];
  agent.network.disconnect(TWO);
  one.onPublish = ({ kind }) => (kind === 4 ? reject('blocked: no messages here') : accept);
  await send('first');
  await world.clock.advance(24 * 60 * MINUTE);
  expect(sent(one).length).toBeGreaterThan(1);
  expect(sent(one).length).toBeLessThanOrEqual(7);
});

test('a message that no connected relay is left to try makes the daemon degraded, until a relay takes it', async () => {
  const { world, agent, relays, send, delivery, reasons } = await greeted(ONE, TWO);
  const [one] = relays as [MemoryRelay];
  agent.network.disconnect(TWO);
  one.onPublish = ({ kind }) => (kind === 4 ? reject('blocked: no messages here') : accept);
  const id = await send('first');
  await world.clock.advance(30_000);
  expect(await delivery(id)).toMatchObject({ state: 'queued', next_attempt_at: null });
  expect(await agent.getStatus({})).toMatchObject({
    degraded: true,
    reasons: [{ code: 'outbox_stalled', next_step: expect.stringContaining('POST /relays') }],
  });
  agent.network.connect(TWO);
  await settle(world.clock);
  expect((await delivery(id)).state).toBe('published');
  expect(await reasons()).toEqual([]);
});

test('messages that wait for a retry or for their turn are no reason to be degraded', async () => {
  const { world, relays, send, reasons } = await greeted(ONE);
  const [one] = relays as [MemoryRelay];
  one.onPublish = ({ kind }) => (kind === 4 ? timeout : accept);
  for (let n = 0; n < 40; n++) await send(`m${n}`);
  for (let n = 0; n < 20; n++) {
    await world.clock.advance(MINUTE / 2);
    expect(await reasons()).toEqual([]);
  }
});
