import { expect, test } from 'vitest';
import { trustLimits } from '../src/core/trust/limits.ts';
import { readEvents } from './support/event-reader.ts';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, startTwo, type TestAgent, type TestMesh } from './support/test-agent.ts';

/** Makes an agent reply to every message at once. */
function echo(agent: TestAgent, world: TestMesh) {
  const refusals: unknown[] = [];
  let sent = 0;
  return {
    refusals,
    sent: () => sent,
    async answer(): Promise<void> {
      const messages = (await agent.listMessages({ unread: true })).items;
      if (messages.length > 0) await agent.markRead({ all: true });
      for (const { from, content, id } of messages) {
        await agent
          .sendMessage({ to: from, content: `re: ${content}`.slice(0, 200), reply_to: id })
          .then(() => sent++)
          .catch((error) => refusals.push(error.code));
      }
      await settle(world.clock);
    },
  };
}

async function twoEchoes(minutes: number) {
  const world = createTestMesh('ws://127.0.0.1:1');
  const { alice, bob } = await startTwo(world);
  const pauses = [alice, bob].map((agent) => readEvents(agent, { types: 'conversation.paused' }));
  const echoes = [echo(alice, world), echo(bob, world)];
  await alice.sendMessage({ to: bob.pubkey, content: 'hello' });
  async function run(ms: number): Promise<void> {
    let isQuiet = false;
    for (let left = ms; left > 0; ) {
      const stepMs = isQuiet ? 30_000 : 1_000;
      left -= stepMs;
      await world.clock.advance(stepMs);
      const before = echoes.map((each) => each.sent());
      for (const each of echoes) await each.answer();
      isQuiet = left < ms - 5_000 && echoes.every((each, n) => each.sent() === before[n]);
    }
  }
  await run(minutes * 60_000);
  return { world, alice, bob, echoes, run, pauses };
}

test('pauses two agents that keep replying to each other within the budget, visibly, and the owner can resume', async () => {
  const { alice, bob, echoes, run, pauses } = await twoEchoes(10);
  const sent = () => echoes.reduce((sum, each) => sum + each.sent(), 0);
  expect(sent()).toBeGreaterThan(trustLimits.loop.autoPerHour);
  expect(sent()).toBeLessThanOrEqual(2 * trustLimits.loop.autoPerHour);
  expect(echoes.flatMap(({ refusals }) => refusals)).toContain('loop_suspected');

  const stopped = (await alice.getStatus({})).paused_peers.length > 0 ? alice : bob;
  const other = stopped === alice ? bob : alice;
  expect(await stopped.getStatus({})).toMatchObject({ paused_peers: [other.pubkey] });
  // Refused again and again, it is reported once.
  expect(pauses[stopped === alice ? 0 : 1]?.seen).toMatchObject([{ data: { pubkey: other.pubkey } }]);
  expect(await stopped.peer(other.pubkey)).toMatchObject({
    paused: { since: expect.any(String), until: expect.any(String) },
  });
  await expect(stopped.sendMessage({ to: other.pubkey, content: 'more' })).rejects.toMatchObject({
    code: 'loop_suspected',
    retryAfterSeconds: expect.closeTo(3000, -3),
  });

  await stopped.resumePeer({ pubkey: other.pubkey });
  await other.resumePeer({ pubkey: stopped.pubkey });
  expect(await stopped.peer(other.pubkey)).toMatchObject({ paused: null });
  const before = sent();
  await stopped.sendMessage({ to: other.pubkey, content: 'more' });
  await run(60_000);
  expect(sent()).toBeGreaterThan(before);
});

test('a pause survives a restart, and ends by itself', async () => {
  const { world, alice, bob } = await twoEchoes(2);
  const stopped = (await alice.getStatus({})).paused_peers.length > 0 ? alice : bob;
  const to = stopped === alice ? bob.pubkey : alice.pubkey;
  const again = await world.start({ disk: await stopped.crash() });
  await expect(again.sendMessage({ to, content: 'more' })).rejects.toMatchObject({ code: 'loop_suspected' });
  await world.clock.advance(trustLimits.loop.pauseMinutes * 60_000);
  await again.sendMessage({ to, content: 'more' });
  expect(await again.getStatus({})).toMatchObject({ paused_peers: [] });
});

async function quickTalk(options: { trust?: 'contact'; owner?: boolean; most?: number }) {
  const world = createTestMesh('ws://127.0.0.1:1');
  const { alice, bob } = await startTwo(world);
  if (options.trust) await alice.updatePeer({ pubkey: bob.pubkey, trust: options.trust });
  let sent = 0;
  for (; sent < (options.most ?? Number.POSITIVE_INFINITY); sent++) {
    await bob.sendMessage({ to: alice.pubkey, content: 'go on' }, { owner: true });
    await world.clock.advance(1_000);
    const answer = alice.sendMessage(
      { to: bob.pubkey, content: 'yes' },
      options.owner ? { owner: true } : undefined,
    );
    if (
      await answer.then(
        () => false,
        () => true,
      )
    )
      break;
  }
  return { sent, alice, bob };
}

test('allows more automatic replies to a contact than to a stranger', async () => {
  expect((await quickTalk({})).sent).toBe(trustLimits.loop.autoPerHour);
  expect((await quickTalk({ trust: 'contact' })).sent).toBe(trustLimits.loop.autoPerHourContact);
});

test('messages by a person are not counted or marked as automatic', async () => {
  const { sent, alice } = await quickTalk({ owner: true, most: trustLimits.loop.autoPerHour + 5 });
  expect(sent).toBe(trustLimits.loop.autoPerHour + 5);
  const [last] = (await alice.listMessages({ direction: 'out', limit: 1 })).items;
  expect(last).toMatchObject({ auto: false, hops: 0 });
});

test('a quick reply is marked and has one hop more than its message; a slow one starts at zero', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const { alice, bob } = await startTwo(world);
  const say = async (from: TestAgent, to: TestAgent, afterMs: number) => {
    await world.clock.advance(afterMs);
    await from.sendMessage({ to: to.pubkey, content: 'x' });
    await world.clock.advance(100);
    const [last] = (await to.listMessages({ limit: 1 })).items;
    return last && { auto: last.auto, hops: last.hops };
  };
  expect(await say(alice, bob, 0)).toEqual({ auto: false, hops: 0 });
  expect(await say(bob, alice, 1_000)).toEqual({ auto: true, hops: 1 });
  expect(await say(alice, bob, 1_000)).toEqual({ auto: true, hops: 2 });
  expect(await say(bob, alice, trustLimits.loop.autoSeconds * 1000)).toEqual({ auto: false, hops: 0 });
});

test('ends a row of automatic messages, over however many agents it runs', async () => {
  const world = createTestMesh('wss://one.test');
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  const loop = {
    type: 'text',
    body: 'pass it on',
    mid: 'mid-loop-1',
    auto: true,
    hops: trustLimits.loop.autoHops,
  };
  world.relay.push(bob.dm(agent.pubkey, loop));
  await settle(world.clock);
  await expect(agent.sendMessage({ to: bob.pubkey, content: 'done' })).rejects.toMatchObject({
    code: 'loop_suspected',
  });
});

test('pauses three agents that pass everything on in a ring', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const ring = [await world.start(), await world.start(), await world.start()] as const;
  await world.clock.advance(30_000);
  let passedOn = 0;
  const refusals: string[] = [];
  await ring[0].sendMessage({ to: ring[1].pubkey, content: 'pass it on' });
  for (let second = 0; second < 300; second++) {
    await world.clock.advance(1_000);
    for (const [place, agent] of ring.entries()) {
      const { items } = await agent.listMessages({ unread: true });
      if (items.length === 0) continue;
      await agent.markRead({ all: true });
      const to = ring[(place + 1) % 3]?.pubkey as string;
      await agent
        .sendMessage({ to, content: 'pass it on' })
        .then(() => passedOn++)
        .catch(({ code }) => refusals.push(code));
    }
  }
  expect(refusals).toEqual(['loop_suspected']);
  expect(passedOn).toBeLessThanOrEqual(3 * trustLimits.loop.autoPerHour);
});

test('a stranger that claims a huge hop count pauses only its own conversation', async () => {
  const world = createTestMesh('wss://one.test');
  const agent = await world.start();
  const [bob, mallory] = [world.fakePeer('bob'), world.fakePeer('mallory')];
  world.relay.push(bob.presence({ features: modern }), bob.dm(agent.pubkey, 'hi'));
  world.relay.push(
    mallory.dm(agent.pubkey, { type: 'text', body: 'x', mid: 'mid-loop-1', auto: true, hops: 2 ** 53 - 1 }),
  );
  await settle(world.clock);
  await agent.sendMessage({ to: bob.pubkey, content: 'hello' });
  await settle(world.clock);
  expect(bob.opened(world.relay.offered).find(({ body }) => body === 'hello')).toMatchObject({ hops: 1 });
  await expect(agent.sendMessage({ to: mallory.pubkey, content: 'x' })).rejects.toMatchObject({
    code: 'loop_suspected',
  });
});

test.each([-5, Number.POSITIVE_INFINITY, Number.NaN, 0.5, '7', null, 2 ** 53])(
  'ignores a hop count of %s',
  async (hops) => {
    const world = createTestMesh('wss://one.test');
    const agent = await world.start();
    const bob = world.fakePeer('bob');
    world.relay.push(bob.dm(agent.pubkey, { type: 'text', body: 'x', mid: 'mid-loop-1', auto: true, hops }));
    await settle(world.clock);
    expect(await agent.inbox()).toMatchObject([{ auto: true, hops: 1 }]);
    await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  },
);

test('a clock that was a year ahead pauses no conversation afterwards', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const YEAR = 365 * 86_400_000;
  const { alice, bob } = await startTwo(world);
  const talk = async (rounds: number): Promise<void> => {
    for (let n = 0; n < rounds; n++) {
      await bob.sendMessage({ to: alice.pubkey, content: 'go on' }, { owner: true });
      await world.clock.advance(1_000);
      await alice.sendMessage({ to: bob.pubkey, content: 'yes' });
    }
  };
  world.clock.jump(YEAR);
  await talk(trustLimits.loop.autoPerHour);
  world.clock.jump(-YEAR);
  await world.clock.advance(2 * 3_600_000);
  await talk(trustLimits.loop.autoPerHour);
});

test('resuming while the clock was ahead does not disable the guard', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const { alice, bob } = await startTwo(world);
  world.clock.jump(365 * 86_400_000);
  await alice.resumePeer({ pubkey: bob.pubkey });
  world.clock.jump(-365 * 86_400_000);
  let sent = 0;
  for (; sent < 2 * trustLimits.loop.autoPerHour; sent++) {
    await bob.sendMessage({ to: alice.pubkey, content: 'go on' }, { owner: true });
    await world.clock.advance(1_000);
    const isSent = await alice.sendMessage({ to: bob.pubkey, content: 'yes' }).then(
      () => true,
      () => false,
    );
    if (!isSent) break;
  }
  expect(sent).toBe(trustLimits.loop.autoPerHour);
});

test('the idempotency key of a refused message can be used again after a resume', async () => {
  const { alice, bob } = await quickTalk({});
  const again = () =>
    alice.sendMessage({ to: bob.pubkey, content: 'final', idempotency_key: 'the-last-word' });
  await expect(again()).rejects.toMatchObject({ code: 'loop_suspected' });
  await alice.resumePeer({ pubkey: bob.pubkey });
  const { id } = await again();
  expect(await again()).toMatchObject({ id });
});
