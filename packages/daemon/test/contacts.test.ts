import { limits, type Policy } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { type Box, createWorld, settle, startTwo } from './support/agent-in-a-box.ts';
import { readEvents } from './support/event-reader.ts';
import { timeout } from './support/memory-relay-network.ts';
import { modern } from './support/puppet.ts';

/** An agent, and a stranger that has shown itself. */
async function withStranger(policy: Partial<Policy> = {}) {
  const world = createWorld('wss://one.test');
  const box = await world.start({
    config: {
      ...(policy.strangers ? { strangers: policy.strangers } : {}),
      ...(policy.first_contact ? { first_contact: policy.first_contact } : {}),
    },
  });
  const bob = world.puppet('bob');
  async function arrive(...events: ReturnType<typeof bob.dm>[]): Promise<void> {
    world.relay.push(...events);
    await settle(world.clock);
  }
  await arrive(bob.presence({ features: modern, name: 'Bob' }));
  await world.clock.advance(1_000);
  const write = (text: string) => arrive(bob.dm(box.pubkey, text));
  /** What our agent said to bob since it stood here, without hellos. */
  const told = () =>
    bob.opened(box.published(4)).filter(({ type }) => type !== 'intro' && type !== 'ocmesh-hello');
  async function poll(after?: string) {
    const waited = box.waitForMessages({ timeout_s: 0, ...(after === undefined ? {} : { after }) });
    await settle(world.clock);
    return waited;
  }
  return { world, box, bob, arrive, write, told, poll };
}

const contents = async (box: Box): Promise<string[]> => (await box.inbox()).map(({ content }) => content);

test('without another policy a stranger reaches the agent, and is marked as one', async () => {
  const { box, write } = await withStranger();
  await write('hi');
  expect(await box.inbox()).toMatchObject([{ content: 'hi', trust: 'stranger' }]);
  expect(await box.getPolicy({})).toEqual({
    strangers: 'open',
    first_contact: 'allow',
    mcp_may_trust: false,
  });
});

test('asked first, the owner sees what a stranger wrote, the agent nothing, the stranger no receipt', async () => {
  const { world, box, bob, write, told, poll } = await withStranger({ strangers: 'ask' });
  await write('let me in');
  await world.clock.advance(10_000);
  expect(await contents(box)).toEqual([]);
  expect(await poll()).toMatchObject({ messages: [] });
  expect(await box.getStatus({})).toMatchObject({ unread_count: 0, request_count: 1 });
  expect(await box.listRequests({})).toMatchObject([
    { direction: 'in', peer: { pubkey: bob.pubkey }, message_count: 1, messages: [{ content: 'let me in' }] },
  ]);
  expect(told()).toEqual([]);
});

test('a yes makes a contact, and what was held arrives as if it had just been sent, once, with a receipt', async () => {
  const { world, box, bob, write, told, poll } = await withStranger({ strangers: 'ask' });
  const { cursor } = await poll();
  const reader = readEvents(box);
  await write('one');
  await write('two');
  expect(await box.answerRequest({ pubkey: bob.pubkey, accept: true })).toMatchObject({ trust: 'contact' });
  await world.clock.advance(1_000);
  expect(await contents(box)).toEqual(['one', 'two']);
  expect((await poll(cursor)).messages).toHaveLength(2);
  expect(reader.fresh().filter((name) => name === 'message.received')).toHaveLength(2);
  expect(told()).toMatchObject([{ type: 'delivered' }]);
  expect(await box.listRequests({})).toEqual([]);
  await write('three');
  expect(await contents(box)).toEqual(['one', 'two', 'three']);
});

test('what was held survives a crash', async () => {
  const { world, box, bob, write } = await withStranger({ strangers: 'ask' });
  await write('let me in');
  const again = await world.start({ disk: await box.crash(), config: { strangers: 'ask' } });
  await again.answerRequest({ pubkey: bob.pubkey, accept: true });
  expect(await contents(again)).toEqual(['let me in']);
});

test('a no blocks the stranger and throws away what was held', async () => {
  const { box, bob, write } = await withStranger({ strangers: 'ask' });
  await write('let me in');
  expect(await box.answerRequest({ pubkey: bob.pubkey, accept: false })).toMatchObject({ trust: 'blocked' });
  await box.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  expect(await contents(box)).toEqual([]);
});

test('nobody waits twice: a request that was answered, or never made, is unknown', async () => {
  const { box, bob } = await withStranger({ strangers: 'ask' });
  await expect(box.answerRequest({ pubkey: bob.pubkey, accept: true })).rejects.toMatchObject({
    code: 'request_unknown',
  });
});

test('a stranger has room for a few messages, and all of them together for so many senders', async () => {
  const { world, box, arrive, bob } = await withStranger({ strangers: 'ask' });
  const others = Array.from({ length: limits.heldStrangers + 4 }, (_, n) => world.puppet(`stranger ${n}`));
  for (let n = 0; n < limits.heldMessages + 2; n++) await arrive(bob.dm(box.pubkey, `bob ${n}`));
  await arrive(...others.map((one) => one.dm(box.pubkey, 'me too')));
  const requests = await box.listRequests({});
  expect(requests).toHaveLength(limits.heldStrangers);
  expect(requests[0]).toMatchObject({ peer: { pubkey: bob.pubkey }, message_count: limits.heldMessages });
  expect(await box.refused()).toMatchObject({ requests_full: 2 + 5 });
});

test('a request that nobody answers is forgotten', async () => {
  const { world, box, write } = await withStranger({ strangers: 'ask' });
  await write('let me in');
  await box.agent.stop();
  world.clock.jump((limits.heldDays + 1) * 86_400_000);
  const again = await world.start({ disk: await box.crash(), config: { strangers: 'ask' } });
  await world.clock.advance(3_600_000);
  expect(await again.listRequests({})).toEqual([]);
});

test('a closed door drops strangers, counted; contacts come in', async () => {
  const { box, bob, write } = await withStranger({ strangers: 'closed' });
  await write('hello?');
  expect(await box.refused()).toMatchObject({ stranger: 1 });
  await box.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  await write('hello!');
  expect(await contents(box)).toEqual(['hello!']);
});

test.each(['ask', 'closed'] as const)('%s: whoever our agent wrote to may answer', async (strangers) => {
  const { box, bob, write } = await withStranger({ strangers });
  await box.sendMessage({ to: bob.pubkey, content: 'what is the time?' });
  await write('late');
  expect(await contents(box)).toEqual(['late']);
});

test('the owner changes the policy at run time; it lasts, and an open door lets everybody in who waits', async () => {
  const { world, box, write } = await withStranger();
  await box.setPolicy({ strangers: 'ask' });
  await write('let me in');
  expect(await contents(box)).toEqual([]);
  const again = await world.start({ disk: await box.crash() });
  expect(await again.getPolicy({})).toMatchObject({ strangers: 'ask', first_contact: 'allow' });
  await again.setPolicy({ strangers: 'open' });
  expect(await contents(again)).toEqual(['let me in']);
});

test('a blocked peer is dropped before its signature is looked at, and told nothing', async () => {
  const { world, box, bob, write, arrive, told } = await withStranger();
  await box.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  const before = await box.peer(bob.pubkey);
  await world.clock.advance(60_000);
  await write('now listen');
  await arrive({ ...bob.dm(box.pubkey, 'and listen'), sig: '0'.repeat(128) });
  await arrive(bob.presence({ features: modern, name: 'Somebody else' }));
  await world.clock.advance(10_000);
  expect(await contents(box)).toEqual([]);
  expect(told()).toEqual([]);
  expect(await box.refused()).toEqual({ blocked: 3 });
  expect(await box.peer(bob.pubkey)).toMatchObject({ name: before.name, last_seen: before.last_seen });
});

test('a blocked peer stays blocked after a restart, and comes back when the owner says so', async () => {
  const { world, box, bob, arrive } = await withStranger();
  await box.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  const again = await world.start({ disk: await box.crash() });
  await arrive(bob.dm(again.pubkey, 'one'));
  expect(await contents(again)).toEqual([]);
  await again.updatePeer({ pubkey: bob.pubkey, trust: 'stranger' });
  await arrive(bob.dm(again.pubkey, 'two'));
  expect(await contents(again)).toEqual(['two']);
});

test('a gift wrap hides who sent it, but not from the block list', async () => {
  const world = createWorld('wss://one.test');
  const { alice, bob } = await startTwo(world);
  await alice.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await bob.sendMessage({ to: alice.pubkey, content: 'psst' });
  await world.clock.advance(10_000);
  expect(await contents(alice)).toEqual([]);
  expect((await alice.refused())['blocked']).toBeGreaterThan(0);
});

test('what was on its way to a peer ends when it is blocked, and nothing more can be sent', async () => {
  const { world, box, bob } = await withStranger();
  world.relay.answer = () => timeout;
  const { id } = await box.sendMessage({ to: bob.pubkey, content: 'hm' });
  await world.clock.advance(1_000);
  await box.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await world.clock.advance(1_000);
  expect(await box.getMessage({ id })).toMatchObject({ delivery: { state: 'failed' } });
  await expect(box.sendMessage({ to: bob.pubkey, content: 'hm?' })).rejects.toMatchObject({
    code: 'peer_blocked',
  });
  expect(await box.peer(bob.pubkey)).toMatchObject({ reachability: { state: 'blocked' } });
});

test('where the owner wants to be asked, the first message to a stranger is a wish', async () => {
  const { box, bob, told, world } = await withStranger({ first_contact: 'ask' });
  const attempt = () => box.sendMessage({ to: bob.pubkey, content: 'buy my things' });
  await expect(attempt()).rejects.toMatchObject({ code: 'first_contact' });
  await expect(attempt()).rejects.toMatchObject({ code: 'first_contact' });
  expect(await box.listRequests({})).toMatchObject([
    { direction: 'out', peer: { pubkey: bob.pubkey }, messages: [{ content: 'buy my things' }] },
  ]);
  await box.answerRequest({ pubkey: bob.pubkey, accept: true });
  await attempt();
  await world.clock.advance(1_000);
  expect(told()).toMatchObject([{ body: 'buy my things' }]);
  expect(await box.listRequests({})).toEqual([]);
});

test('an answer is no first contact, and a person needs nobody’s yes', async () => {
  const { box, bob, write, world } = await withStranger({ first_contact: 'ask' });
  const carol = world.puppet('carol');
  await box.addPeer({ pubkey: carol.pubkey });
  await box.sendMessage({ to: carol.pubkey, content: 'it is me' }, { owner: true });
  await write('hello');
  await box.sendMessage({ to: bob.pubkey, content: 'hello yourself' });
  expect((await box.listMessages({ direction: 'out' })).items).toHaveLength(2);
});

test('the owner names a peer and notes something on it, and takes both away', async () => {
  const { box, bob } = await withStranger();
  const { pubkey } = bob;
  expect(await box.updatePeer({ pubkey, alias: 'Bobby', note: 'from the fair' })).toMatchObject({
    name: 'Bob',
    alias: 'Bobby',
    note: 'from the fair',
    trust: 'stranger',
  });
  expect(await box.updatePeer({ pubkey, alias: null, note: null })).toMatchObject({
    alias: null,
    note: null,
  });
  await expect(box.updatePeer({ pubkey: box.pubkey, trust: 'contact' })).rejects.toMatchObject({
    code: 'peer_unknown',
  });
});

test('says at the start where the policy is not what is configured', async () => {
  const world = createWorld('wss://one.test');
  const box = await world.start();
  await box.setPolicy({ strangers: 'closed' });
  const again = await world.start({ disk: await box.crash(), config: { strangers: 'ask' } });
  expect(again.log.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', message: expect.stringContaining('strangers is closed') }),
  );
});
