import { expect, test } from 'vitest';
import { trustLimits } from '../src/core/trust/limits.ts';
import { modern } from './support/fake-peer.ts';
import { ask, createPhone, withPhone } from './support/phone.ts';
import { createTestMesh, settle, type TestAgent } from './support/test-agent.ts';

const HOUR = 3_600_000;
const trustOf = async (agent: TestAgent, pubkey: string) => (await agent.getPeer({ pubkey })).trust;
const inbox = async (agent: TestAgent) => (await agent.inbox()).map(({ content }) => content);

test('asks the phone for the code that the computer shows, and sends nothing else before', async () => {
  const world = createTestMesh();
  const agent = await world.start({ name: 'alice', config: ask });
  const phone = createPhone(world);
  const named = await agent.setOwner({ pubkey: phone.npub });
  expect(named).toMatchObject({ state: 'unconfirmed', npub: phone.npub, tries_left: 5 });
  expect(named.code).toMatch(/^\d{6}$/);
  world.relay.push(world.fakePeer('bob').wrap(agent.pubkey, 'let me in'));
  await phone.send(agent, '000000');
  await world.clock.advance(2 * HOUR);
  expect(phone.texts()).toEqual([expect.stringContaining('reply with the code that is shown there')]);
  expect(phone.texts().join()).not.toContain(named.code);

  await phone.send(agent, named.code as string);
  await world.clock.advance(61_000);
  expect(await agent.getOwner({})).toMatchObject({ state: 'confirmed', code: null, tries_left: null });
  expect(phone.texts().slice(1)).toEqual([
    expect.stringContaining('You now decide for the agent alice from here'),
    expect.stringContaining('let me in'),
  ]);
  expect(await agent.inbox()).toEqual([]);
});

test('a code ends after five wrong ones, and after a day', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: ask });
  const phone = createPhone(world);
  const { code } = await agent.setOwner({ pubkey: phone.npub });
  const wrong = code === '111111' ? '222222' : '111111';
  for (let n = 0; n < 5; n++) await phone.send(agent, wrong);
  await phone.send(agent, code as string);
  expect(await agent.getOwner({})).toMatchObject({ state: 'unconfirmed', code: null, tries_left: null });

  const again = await agent.setOwner({ pubkey: phone.npub });
  await world.clock.advance(24 * HOUR);
  await phone.send(agent, again.code as string);
  expect(await agent.getOwner({})).toMatchObject({ state: 'unconfirmed', code: null });
});

test('a code is read as people type it, but not from another key, another kind of message, or a group', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: ask });
  const phone = createPhone(world);
  const { code } = await agent.setOwner({ pubkey: phone.npub });
  const text = code as string;
  await createPhone(world, 'another').send(agent, text);
  world.relay.push(world.fakePeer('phone').dm(agent.pubkey, text));
  await settle(world.clock);
  expect(await agent.getOwner({})).toMatchObject({ state: 'unconfirmed', tries_left: 5 });
  await phone.send(agent, ` ${text.slice(0, 3)} ${text.slice(3)}\n`);
  expect(await agent.getOwner({})).toMatchObject({ state: 'confirmed' });
});

test('accepts a stranger from the phone: its words are marked, and its messages reach the inbox', async () => {
  const { agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!\nRequest 12: reply 12 1 to accept');
  expect(phone.last()).toBe(
    [
      `Request 11: a stranger (key ${bob.pubkey.slice(0, 12)}) wrote to your agent. The stranger’s words:`,
      '> Hello!',
      '> Request 12: reply 12 1 to accept',
      'Reply 11 1 to accept, 11 2 to refuse, 11 3 to block.',
    ].join('\n'),
  );
  expect(await agent.getOwner({})).toMatchObject({
    requests: [{ number: 11, kind: 'in', pubkey: bob.pubkey }],
  });
  await phone.send(agent, '11 1');
  expect(await trustOf(agent, bob.pubkey)).toBe('contact');
  expect(await inbox(agent)).toEqual(['Hello!\nRequest 12: reply 12 1 to accept']);
  expect(phone.last()).toContain('11: accepted.');
  expect(await agent.getOwner({})).toMatchObject({ requests: [] });
});

test('refuses a stranger, which may write again, and blocks it', async () => {
  const { agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!');
  await phone.send(agent, '11 2');
  expect(await trustOf(agent, bob.pubkey)).toBe('stranger');
  expect(await agent.listRequests({})).toEqual([]);
  await knock('bob', 'Please!');
  expect(phone.last()).toContain('Request 12:');
  await phone.send(agent, '12 3');
  expect(await trustOf(agent, bob.pubkey)).toBe('blocked');
  expect(await inbox(agent)).toEqual([]);
});

test('an answer counts once, and only within a day', async () => {
  const { world, agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!');
  await phone.send(agent, '11 1');
  await phone.send(agent, '11 3');
  expect(phone.last()).toBe('11 was answered already, with 1. Nothing changed.');
  expect(await trustOf(agent, bob.pubkey)).toBe('contact');

  const carol = await knock('carol', 'Hello!');
  await world.clock.advance(24 * HOUR);
  await phone.send(agent, '12 1');
  expect(phone.last()).toMatch(/^12 is over: an answer counts for 24 hours/);
  expect(await trustOf(agent, carol.pubkey)).toBe('stranger');
  expect(await agent.listRequests({})).toHaveLength(1);
});

test('a clock that is set ahead by a day does not end a request', async () => {
  const { world, agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!');
  world.clock.jump(30 * HOUR);
  await phone.send(agent, '11 1');
  expect(await trustOf(agent, bob.pubkey)).toBe('contact');
});

test('does what the first of two answers in the same second says', async () => {
  const { world, agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!');
  world.relay.push(phone.wrap(agent, '11 2'), phone.wrap(agent, '11 1'));
  await settle(world.clock);
  expect(await trustOf(agent, bob.pubkey)).toBe('stranger');
  expect(await agent.listRequests({})).toEqual([]);
});

test('an answer from another key does nothing, and is the message of any stranger', async () => {
  const { world, agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!');
  const before = phone.texts().length;
  await createPhone(world, 'thief').send(agent, '11 1');
  expect(await trustOf(agent, bob.pubkey)).toBe('stranger');
  expect(phone.texts()).toHaveLength(before);
  expect((await agent.listRequests({})).map(({ messages }) => messages[0]?.content)).toContain('11 1');
});

test.each([
  ['full-width digits', '１１　１'],
  ['Arabic digits', '١١ ١'],
  ['Devanagari digits', '११ १'],
  ['a keycap', '11 1️⃣'],
  ['line ends and spaces', '\n 11 \r\n 1 \n'],
  ['other signs between', '#11: 1.'],
  ['unseen characters', '\u200f11\u2066 \u20691'],
])('reads an answer with %s', async (_, text) => {
  const { agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!');
  await phone.send(agent, text);
  expect(await trustOf(agent, bob.pubkey)).toBe('contact');
});

test.each([
  ['only a choice', '1'],
  ['only a number', '11'],
  ['no space between', '111'],
  ['swapped digits', '1 11'],
  ['another choice', '11 4'],
  ['two choices', '11 1 2'],
  ['two answers', '11 1\n12 2'],
  ['a word', '11 accept'],
  ['superscript digits', '11 ¹1'],
  ['a number that no request has', '12 1'],
  ['a decimal', '11 1.5'],
  ['a negative', '-11 1'],
  ['JSON', '{"type":"text","body":"11 1"}'],
  ['another wish', 'accept all'],
  ['nothing', ''],
  ['a long text', `11 1${' '.repeat(10_000)}x`],
])('does nothing but explain once: %s', async (_, text) => {
  const { agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!');
  await phone.send(agent, text);
  await phone.send(agent, text);
  expect(phone.texts().slice(-2)).toEqual([
    expect.stringContaining('Request 11'),
    'Reply with the number of a request and 1, 2 or 3, for example: 11 1. Waiting: 11.',
  ]);
  expect(await trustOf(agent, bob.pubkey)).toBe('stranger');
  expect(await agent.listRequests({})).toHaveLength(1);
  expect(await agent.inbox()).toEqual([]);
});

test('sends 50 requests at once in five messages, and each can be answered', async () => {
  const { world, agent, phone, write } = await withPhone();
  const strangers = [];
  for (let n = 0; n < 50; n++) strangers.push(await write(`stranger ${n}`, `I am number ${n}`));
  const before = phone.texts().length;
  await world.clock.advance(3_000);
  expect(phone.texts().slice(before)).toEqual([
    expect.stringMatching(/^Request 11:[\s\S]*\n\n40 more requests follow\.$/),
  ]);
  await world.clock.advance(10 * 60_000);
  const messages = phone.texts().slice(before);
  expect(messages).toHaveLength(5);
  const numbers = messages.join('\n').match(/(?<=^Request )\d+/gm);
  expect(numbers).toEqual(Array.from({ length: 50 }, (_, n) => String(11 + n)));
  for (let n = 0; n < 50; n++) {
    await phone.send(agent, `${11 + n} ${(n % 3) + 1}`);
  }
  const trusts = await Promise.all(strangers.map(({ pubkey }) => trustOf(agent, pubkey)));
  expect(trusts).toEqual(strangers.map((_, n) => ['contact', 'stranger', 'blocked'][n % 3]));
  expect(await agent.listRequests({})).toEqual([]);
});

test('a message may hold the longest words of ten strangers', async () => {
  const { world, phone, write } = await withPhone();
  for (let n = 0; n < 10; n++) await write(`stranger ${n}`, '👩‍👩‍👧‍👦\n'.repeat(400));
  await world.clock.advance(3_000);
  expect(phone.last().match(/^Request/gm)).toHaveLength(10);
  expect(new TextEncoder().encode(phone.last()).length).toBeLessThan(20_000);
});

test('limits how many messages strangers with new keys cause in a day', async () => {
  const { world, agent, phone, write } = await withPhone();
  const before = phone.texts().length;
  for (let n = 0; n < 60; n++) {
    const { pubkey } = await write(`stranger ${n}`, 'Hello!');
    await world.clock.advance(120_000);
    await agent.answerRequest({ pubkey, accept: false });
  }
  expect(phone.texts().length - before).toBe(40);
});

test('asks about a stranger that the agent wants to write to', async () => {
  const { world, agent, phone } = await withPhone();
  const [bob, carol] = [world.fakePeer('bob'), world.fakePeer('carol')];
  world.relay.push(bob.presence({ name: 'Bob', features: modern }), carol.presence({ features: modern }));
  await settle(world.clock);
  const send = ({ pubkey }: typeof bob) => agent.sendMessage({ to: pubkey, content: 'May I ask something?' });
  await expect(send(bob)).rejects.toMatchObject({ code: 'first_contact' });
  await world.clock.advance(61_000);
  expect(phone.last()).toContain(
    `Request 11: your agent wants to write to a stranger (key ${bob.pubkey.slice(0, 12)}). The words of the agent:\n> Name: Bob\n> May I ask something?\nReply 11 1`,
  );
  await phone.send(agent, '11 1');
  await send(bob);
  await expect(send(carol)).rejects.toMatchObject({ code: 'first_contact' });
  await world.clock.advance(61_000);
  await phone.send(agent, '12 2');
  expect(await agent.listRequests({})).toEqual([]);
  expect(await trustOf(agent, carol.pubkey)).toBe('stranger');
  await expect(send(carol)).rejects.toMatchObject({ code: 'first_contact' });
});

/** Lets the loop guard pause the conversation with a contact. */
async function pause({ world, agent }: Awaited<ReturnType<typeof withPhone>>) {
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }));
  await settle(world.clock);
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  const reply = async (n: number) => {
    world.relay.push(bob.dm(agent.pubkey, `ping ${n}`));
    await settle(world.clock);
    await agent.sendMessage({ to: bob.pubkey, content: 'pong' });
  };
  for (let n = 0; n < trustLimits.loop.autoPerHourContact; n++) await reply(n);
  await expect(reply(-1)).rejects.toMatchObject({ code: 'loop_suspected' });
  await world.clock.advance(61_000);
  return bob;
}

test('resumes a paused conversation, or leaves it paused', async () => {
  const parts = await withPhone();
  const { agent, phone } = parts;
  const bob = await pause(parts);
  expect(phone.last()).toMatch(/^Request 11: the conversation with a peer .* is paused/);
  expect(phone.last()).toContain('Reply 11 1 to let it go on, 11 2 to leave it paused, 11 3 to block.');
  await phone.send(agent, '11 1');
  await agent.sendMessage({ to: bob.pubkey, content: 'pong' });
  expect((await agent.getPeer({ pubkey: bob.pubkey })).paused).toBeNull();
});

test('a request that was decided at the computer says so, and changes nothing', async () => {
  const { agent, phone, knock } = await withPhone();
  const [bob, carol, dan] = [
    await knock('bob', 'Hello!'),
    await knock('carol', 'Hello!'),
    await knock('dan', 'Hello!'),
  ];
  await agent.answerRequest({ pubkey: bob.pubkey, accept: true });
  await agent.updatePeer({ pubkey: carol.pubkey, trust: 'blocked' });
  await phone.send(agent, '11 3');
  expect(phone.last()).toBe(
    `11 no longer waits: ${bob.pubkey.slice(0, 12)} is a contact now. Nothing changed.`,
  );
  await phone.send(agent, '12 1');
  expect(phone.last()).toBe(
    `12 no longer waits: ${carol.pubkey.slice(0, 12)} is blocked now. Nothing changed.`,
  );
  expect(await trustOf(agent, bob.pubkey)).toBe('contact');
  expect(await trustOf(agent, carol.pubkey)).toBe('blocked');
  expect(await trustOf(agent, dan.pubkey)).toBe('stranger');
  expect(await agent.getOwner({})).toMatchObject({ requests: [{ number: 13 }] });
});

test('an answer to an earlier request of the same stranger does not decide about the next one', async () => {
  const { agent, phone, knock } = await withPhone();
  const bob = await knock('bob', 'Hello!');
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await agent.updatePeer({ pubkey: bob.pubkey, trust: 'stranger' });
  await knock('bob', 'Something else');
  expect(phone.last()).toContain('Request 12:');
  await phone.send(agent, '11 1');
  expect(await trustOf(agent, bob.pubkey)).toBe('stranger');
});
