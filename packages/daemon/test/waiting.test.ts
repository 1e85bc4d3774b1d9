import { expect, test } from 'vitest';
import { createTestMesh, settle } from './support/test-agent.ts';

async function waiting() {
  const world = createTestMesh();
  const testAgent = await world.start();
  const bob = world.fakePeer('bob');
  const carol = world.fakePeer('carol');
  const push = async (...payloads: (string | Record<string, unknown>)[]): Promise<void> => {
    for (const payload of payloads) world.relay.push(bob.dm(testAgent.pubkey, payload));
    await settle(world.clock);
  };
  return { world, testAgent, bob, carol, push };
}

const contents = ({ messages }: { messages: { content: string }[] }) =>
  messages.map(({ content }) => content);

test('returns unread messages at once, oldest first', async () => {
  const { testAgent, push } = await waiting();
  await push('one', 'two');
  const got = await testAgent.waitForMessages({});
  expect(got).toMatchObject({ timed_out: false, cursor: expect.stringMatching(/^2-[0-9a-f]{8}$/) });
  expect(contents(got)).toEqual(['one', 'two']);
});

test('returns the next message if there is no unread one', async () => {
  const { testAgent, push } = await waiting();
  await push('old');
  await testAgent.markRead({ all: true });
  const pending = testAgent.waitForMessages({});
  await push('new');
  expect(contents(await pending)).toEqual(['new']);
});

test('with `after`, messages that arrived since count, read or not', async () => {
  const { testAgent, push } = await waiting();
  await push('one');
  const { cursor } = await testAgent.waitForMessages({});
  await push('two', 'three');
  await testAgent.markRead({ all: true });
  expect(contents(await testAgent.waitForMessages({ after: cursor }))).toEqual(['two', 'three']);
});

test('does not wait behind a position that was never given', async () => {
  const { testAgent, push } = await waiting();
  await push('one', 'two');
  await expect(testAgent.waitForMessages({ after: '7' })).rejects.toMatchObject({ code: 'cursor_unknown' });
  await expect(testAgent.waitForMessages({ after: '1-ab12cd34' })).rejects.toMatchObject({
    code: 'cursor_unknown',
  });
});

test('following the cursor returns every message once', async () => {
  const { testAgent, push } = await waiting();
  const seen: string[] = [];
  const first = testAgent.waitForMessages({ after: '0' });
  await push('a');
  const { cursor } = await first;
  seen.push('a');
  await push('b', 'c');
  const second = await testAgent.waitForMessages({ after: cursor });
  seen.push(...contents(second));
  const third = testAgent.waitForMessages({ after: second.cursor });
  await push('d');
  seen.push(...contents(await third));
  expect(seen).toEqual(['a', 'b', 'c', 'd']);
});

test('messages beyond one response come with the next cursor', async () => {
  const { testAgent, bob, push } = await waiting();
  // A stranger could not send so many at once.
  await testAgent.addPeer({ pubkey: bob.pubkey });
  await testAgent.sendMessage({ to: bob.pubkey, content: 'tell me everything' });
  await push(...Array.from({ length: 130 }, (_, index) => `m${index}`));
  const first = await testAgent.waitForMessages({});
  expect(first.messages).toHaveLength(100);
  const second = await testAgent.waitForMessages({ after: first.cursor });
  expect(contents(second)[0]).toBe('m100');
  expect(second.messages).toHaveLength(30);
});

test('a time-out is not an error, and its cursor misses nothing', async () => {
  const { world, testAgent, push } = await waiting();
  await push('read already');
  await testAgent.markRead({ all: true });
  const pending = testAgent.waitForMessages({ timeout_s: 7 });
  await world.clock.advance(6_999);
  let done = false;
  void pending.then(() => {
    done = true;
  });
  await settle(world.clock);
  expect(done).toBe(false);
  await world.clock.advance(1);
  const result = await pending;
  expect(result).toMatchObject({ messages: [], cursor: expect.stringMatching(/^1-/), timed_out: true });
  await push('between two calls');
  expect(contents(await testAgent.waitForMessages({ after: result.cursor }))).toEqual(['between two calls']);
});

test('a wait of 0 seconds checks once', async () => {
  const { world, testAgent } = await waiting();
  const pending = testAgent.waitForMessages({ timeout_s: 0 });
  await settle(world.clock);
  expect(await pending).toMatchObject({ messages: [], timed_out: true });
});

test('filters by sender, type and reply leave other messages unread', async () => {
  const { world, testAgent, bob, carol } = await waiting();
  const fromCarol = testAgent.waitForMessages({ from: carol.pubkey });
  const results = testAgent.waitForMessages({ type: 'result' });
  const answers = testAgent.waitForMessages({ reply_to: 'mid-of-ours-1' });
  world.relay.push(bob.dm(testAgent.pubkey, 'plain'));
  await settle(world.clock);
  world.relay.push(carol.dm(testAgent.pubkey, 'from carol'));
  world.relay.push(bob.dm(testAgent.pubkey, { type: 'result', body: 'done' }));
  world.relay.push(bob.dm(testAgent.pubkey, { type: 'text', body: 'answer', reply_to: 'mid-of-ours-1' }));
  await settle(world.clock);
  expect(contents(await fromCarol)).toEqual(['from carol']);
  expect(contents(await results)).toEqual(['done']);
  expect(contents(await answers)).toEqual(['answer']);
});

test('two waiting calls both get the message', async () => {
  const { testAgent, push } = await waiting();
  const both = Promise.all([testAgent.waitForMessages({}), testAgent.waitForMessages({})]);
  await push('x');
  expect((await both).map(contents)).toEqual([['x'], ['x']]);
});

test('a caller that disconnects ends the wait and leaves no timer', async () => {
  const { world, testAgent } = await waiting();
  const timers = world.clock.pending();
  const controller = new AbortController();
  const pending = testAgent.waitForMessages({}, { signal: controller.signal });
  await settle(world.clock);
  expect(world.clock.pending()).toBe(timers + 1);
  controller.abort();
  expect(await pending).toMatchObject({ timed_out: true });
  expect(world.clock.pending()).toBe(timers);
  expect(await testAgent.waitForMessages({}, { signal: controller.signal })).toMatchObject({
    timed_out: true,
  });
});

test('allows 32 waiting calls and not one more; a place that becomes free can be used again', async () => {
  const { world, testAgent } = await waiting();
  const controller = new AbortController();
  const first = testAgent.waitForMessages({ timeout_s: 55 }, { signal: controller.signal });
  const others = Array.from({ length: 31 }, () => testAgent.waitForMessages({ timeout_s: 55 }));
  await expect(testAgent.waitForMessages({})).rejects.toMatchObject({
    code: 'too_many_waiters',
    retryAfterSeconds: 5,
  });
  controller.abort();
  await first;
  others.push(testAgent.waitForMessages({ timeout_s: 55 }));
  await world.clock.advance(55_000);
  expect((await Promise.all(others)).every(({ timed_out }) => timed_out)).toBe(true);
});

test('a stop ends all waiting calls', async () => {
  const { testAgent } = await waiting();
  const pending = testAgent.waitForMessages({ timeout_s: 55 });
  await testAgent.agent.stop();
  expect(await pending).toMatchObject({ timed_out: true });
});

test('our own message ends no wait', async () => {
  const { world, testAgent, bob, push } = await waiting();
  await push('hi');
  await testAgent.markRead({ all: true });
  const pending = testAgent.waitForMessages({ timeout_s: 3 });
  await testAgent.sendMessage({ to: bob.pubkey, content: 'ours' });
  await world.clock.advance(3_000);
  expect(await pending).toMatchObject({ messages: [], timed_out: true });
});
