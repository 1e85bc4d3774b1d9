import { expect, test } from 'vitest';
import { accept, timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

/** An agent that has asked bob something. */
async function asking() {
  const world = createTestMesh();
  const agent = await world.start();
  const [bob, carol] = [world.fakePeer('bob'), world.fakePeer('carol')];
  await agent.addPeer({ pubkey: bob.pubkey });
  const ask = async (content = 'weather?') => {
    const sent = await agent.sendMessage({ to: bob.pubkey, content });
    await settle(world.clock);
    return sent;
  };
  const push = async (from: typeof bob, payload: string | Record<string, unknown>) => {
    world.relay.push(from.dm(agent.pubkey, payload));
    await settle(world.clock);
  };
  const answer = async (id: string, more: { after?: string; type?: string } = {}) => {
    const waited = agent.waitForMessages({ answer_to: id, timeout_s: 0, ...more });
    await settle(world.clock);
    return waited;
  };
  return { world, agent, bob, carol, ask, push, answer };
}

const contents = ({ messages }: { messages: { content: string }[] }) =>
  messages.map(({ content }) => content);

test('an answer names the message, and comes before what else the peer wrote', async () => {
  const { bob, ask, push, answer } = await asking();
  await push(bob, 'before');
  const { id } = await ask();
  await push(bob, 'by the way');
  await push(bob, { type: 'text', body: 'sunny', reply_to: id });
  const got = await answer(id);
  expect(contents(got)).toEqual(['sunny']);
  expect(got).toMatchObject({ matched: 'reply_to', timed_out: false });
});

test('without a reply, what the peer wrote later is the answer, read or not, and nobody else’s', async () => {
  const { agent, bob, carol, ask, push, answer } = await asking();
  await push(bob, 'before');
  const { id } = await ask();
  await push(carol, 'me too');
  await push(bob, 'sunny');
  await agent.markRead({ all: true });
  const got = await answer(id);
  expect(contents(got)).toEqual(['sunny']);
  expect(got).toMatchObject({ matched: 'same_peer_later' });
  const rest = await answer(id, { after: got.cursor });
  expect(rest).toMatchObject({ messages: [], timed_out: true });
});

test('a reply to another question is no answer to this one', async () => {
  const { bob, ask, push, answer } = await asking();
  const first = await ask('first');
  const second = await ask('second');
  await push(bob, { type: 'text', body: 'to the first', reply_to: first.id });
  expect(await answer(second.id)).toMatchObject({ messages: [], timed_out: true });
  expect(contents(await answer(first.id))).toEqual(['to the first']);
  await push(bob, { type: 'text', body: 'names nothing we sent', reply_to: 'some-other-id' });
  expect(await answer(second.id)).toMatchObject({ matched: 'same_peer_later', messages: [{}] });
});

test.each([
  ['result', 'taskId'],
  ['error', 'taskId'],
  ['result', 'replyTo'],
  ['task', 'replyTo'],
])('a %s of the deployed mesh names it in %s, by the id of the event', async (type, field) => {
  const { agent, bob, ask, push, answer } = await asking();
  const { id } = await ask();
  await push(bob, 'unrelated');
  const [event] = agent.published(4).slice(-1);
  await push(bob, { type, [field]: event?.id, output: 'sunny' });
  const got = await answer(id);
  expect(got).toMatchObject({
    matched: 'reply_to',
    messages: [{ type, reply_to: id, data: { output: 'sunny' } }],
  });
});

test('a wait for an answer ends when it comes, and of a type only with that type', async () => {
  const { agent, bob, ask, push } = await asking();
  const { id } = await ask();
  const any = agent.waitForMessages({ answer_to: id, timeout_s: 50 });
  const result = agent.waitForMessages({ answer_to: id, timeout_s: 50, type: 'result' });
  await push(bob, 'working on it');
  expect(contents(await any)).toEqual(['working on it']);
  await push(bob, { type: 'result', body: 'sunny' });
  expect(contents(await result)).toEqual(['sunny']);
});

test('an id of a message that we did not send has no answer', async () => {
  const { agent, bob, push } = await asking();
  await push(bob, 'hello');
  const [message] = await agent.inbox();
  for (const id of [message?.id ?? '', 'never-sent'])
    await expect(agent.waitForMessages({ answer_to: id })).rejects.toMatchObject({
      code: 'message_unknown',
      problem: 'not_sent',
    });
});

test('a look at a queued message can wait until a relay has it, or until its time is up', async () => {
  const { world, agent, bob } = await asking();
  world.relay.onPublish = () => timeout;
  const { id } = await agent.sendMessage({ to: bob.pubkey, content: 'x' });
  const short = agent.getMessage({ id, settle_s: 2 });
  await world.clock.advance(2000);
  expect((await short).delivery.state).toBe('queued');
  const long = agent.getMessage({ id, settle_s: 50 });
  world.relay.onPublish = () => accept;
  await world.clock.advance(45_000);
  expect((await long).delivery.state).toBe('published');
  expect((await agent.getMessage({ id, settle_s: 50 })).delivery.state).toBe('published');
});

test('marks as read up to a position, and nothing that arrived since', async () => {
  const { agent, bob, carol, push } = await asking();
  for (const text of ['one', 'two', 'three']) await push(bob, text);
  await push(carol, 'from carol');
  const { items } = await agent.listMessages({ unread: true, limit: 2 });
  await push(bob, 'four');
  const upTo = items.at(-1)?.cursor ?? '';
  expect(await agent.markRead({ up_to: upTo })).toEqual({ marked: 2 });
  const rest = await agent.listMessages({ unread: true });
  expect(rest.items.map(({ content }) => content)).toEqual(['three', 'from carol', 'four']);
  for (const wrong of ['99', '2-abcdef01'])
    await expect(agent.markRead({ up_to: wrong })).rejects.toMatchObject({ code: 'cursor_unknown' });
});
