import type { Policy } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { trustLimits } from '../src/core/trust/limits.ts';
import { readEvents } from './support/event-reader.ts';
import { modern } from './support/fake-peer.ts';
import { timeout } from './support/memory-relay-network.ts';
import { createTestMesh, settle, startTwo, type TestAgent } from './support/test-agent.ts';

/** Starts an agent that has discovered a stranger. */
async function withStranger(policy: Partial<Policy> = {}) {
  const world = createTestMesh('wss://one.test');
  const testAgent = await world.start({
    config: {
      ...(policy.strangers ? { strangers: policy.strangers } : {}),
      ...(policy.first_contact ? { first_contact: policy.first_contact } : {}),
    },
  });
  const bob = world.fakePeer('bob');
  async function arrive(...events: ReturnType<typeof bob.dm>[]): Promise<void> {
    world.relay.push(...events);
    await settle(world.clock);
  }
  await arrive(bob.presence({ features: modern, name: 'Bob' }));
  await world.clock.advance(1_000);
  const write = (text: string) => arrive(bob.dm(testAgent.pubkey, text));
  /** Returns what our agent has sent to bob, without hellos. */
  const sentToBob = () =>
    bob.opened(testAgent.published(4)).filter(({ type }) => type !== 'intro' && type !== 'ocmesh-hello');
  async function poll(after?: string) {
    const waited = testAgent.waitForMessages({ timeout_s: 0, ...(after === undefined ? {} : { after }) });
    await settle(world.clock);
    return waited;
  }
  return { world, testAgent, bob, arrive, write, sentToBob, poll };
}

const contents = async (testAgent: TestAgent): Promise<string[]> =>
  (await testAgent.inbox()).map(({ content }) => content);

test('by default a stranger’s message reaches the agent, marked as a stranger’s', async () => {
  const { testAgent, write } = await withStranger();
  await write('hi');
  expect(await testAgent.inbox()).toMatchObject([{ content: 'hi', trust: 'stranger' }]);
  expect(await testAgent.getPolicy({})).toEqual({
    strangers: 'open',
    first_contact: 'allow',
    mcp_may_trust: false,
  });
});

test('with `ask`, only the owner sees a stranger’s message, and the stranger gets no receipt', async () => {
  const { world, testAgent, bob, write, sentToBob, poll } = await withStranger({ strangers: 'ask' });
  await write('let me in');
  await world.clock.advance(10_000);
  expect(await contents(testAgent)).toEqual([]);
  expect(await poll()).toMatchObject({ messages: [] });
  expect(await testAgent.getStatus({})).toMatchObject({ unread_count: 0, request_count: 1 });
  expect(await testAgent.listRequests({})).toMatchObject([
    { direction: 'in', peer: { pubkey: bob.pubkey }, message_count: 1, messages: [{ content: 'let me in' }] },
  ]);
  expect(sentToBob()).toEqual([]);
});

test('accepting a stranger makes a contact, and held messages arrive once, as if just sent, with a receipt', async () => {
  const { world, testAgent, bob, write, sentToBob, poll } = await withStranger({ strangers: 'ask' });
  const { cursor } = await poll();
  const reader = readEvents(testAgent);
  await write('one');
  await write('two');
  expect(await testAgent.answerRequest({ pubkey: bob.pubkey, accept: true })).toMatchObject({
    trust: 'contact',
  });
  await world.clock.advance(1_000);
  expect(await contents(testAgent)).toEqual(['one', 'two']);
  expect((await poll(cursor)).messages).toHaveLength(2);
  expect(reader.fresh().filter((name) => name === 'message.received')).toHaveLength(2);
  expect(sentToBob()).toMatchObject([{ type: 'delivered' }]);
  expect(await testAgent.listRequests({})).toEqual([]);
  await write('three');
  expect(await contents(testAgent)).toEqual(['one', 'two', 'three']);
});

test('held messages survive a crash', async () => {
  const { world, testAgent, bob, write } = await withStranger({ strangers: 'ask' });
  await write('let me in');
  const again = await world.start({ disk: await testAgent.crash(), config: { strangers: 'ask' } });
  await again.answerRequest({ pubkey: bob.pubkey, accept: true });
  expect(await contents(again)).toEqual(['let me in']);
});

test('rejecting a stranger blocks it and deletes its held messages', async () => {
  const { testAgent, bob, write } = await withStranger({ strangers: 'ask' });
  await write('let me in');
  expect(await testAgent.answerRequest({ pubkey: bob.pubkey, accept: false })).toMatchObject({
    trust: 'blocked',
  });
  await testAgent.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  expect(await contents(testAgent)).toEqual([]);
});

test('answering a request a second time, or one that was never made, is an error', async () => {
  const { testAgent, bob } = await withStranger({ strangers: 'ask' });
  await expect(testAgent.answerRequest({ pubkey: bob.pubkey, accept: true })).rejects.toMatchObject({
    code: 'request_unknown',
  });
});

test('limits held messages per stranger, and the number of strangers with held messages', async () => {
  const { world, testAgent, arrive, bob } = await withStranger({ strangers: 'ask' });
  const others = Array.from({ length: trustLimits.held.strangers + 4 }, (_, n) =>
    world.fakePeer(`stranger ${n}`),
  );
  for (let n = 0; n < trustLimits.held.messages + 2; n++) await arrive(bob.dm(testAgent.pubkey, `bob ${n}`));
  await arrive(...others.map((one) => one.dm(testAgent.pubkey, 'me too')));
  const requests = await testAgent.listRequests({});
  expect(requests).toHaveLength(trustLimits.held.strangers);
  expect(requests[0]).toMatchObject({
    peer: { pubkey: bob.pubkey },
    message_count: trustLimits.held.messages,
  });
  expect(await testAgent.refused()).toMatchObject({ requests_full: 2 + 5 });
});

test('forgets a request that is not answered in time', async () => {
  const { world, testAgent, write } = await withStranger({ strangers: 'ask' });
  world.relay.clockOffsetMs = 0;
  await write('let me in');
  await world.clock.advance(15_000);
  await testAgent.agent.stop();
  world.clock.jump((trustLimits.held.days + 1) * 86_400_000);
  const again = await world.start({ disk: await testAgent.crash(), config: { strangers: 'ask' } });
  await world.clock.advance(3_600_000);
  expect(await again.listRequests({})).toEqual([]);
});

test('with `closed`, strangers’ messages are dropped and counted, contacts’ arrive', async () => {
  const { testAgent, bob, write } = await withStranger({ strangers: 'closed' });
  await write('hello?');
  expect(await testAgent.refused()).toMatchObject({ stranger: 1 });
  await testAgent.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  await write('hello!');
  expect(await contents(testAgent)).toEqual(['hello!']);
});

test.each(['ask', 'closed'] as const)('%s: a peer our agent wrote to can reply', async (strangers) => {
  const { testAgent, bob, write } = await withStranger({ strangers });
  await testAgent.sendMessage({ to: bob.pubkey, content: 'what is the time?' });
  await write('late');
  expect(await contents(testAgent)).toEqual(['late']);
});

test('the owner changes the policy at run time; it survives a restart, and `open` releases held messages', async () => {
  const { world, testAgent, write } = await withStranger();
  await testAgent.setPolicy({ strangers: 'ask' });
  await write('let me in');
  expect(await contents(testAgent)).toEqual([]);
  const again = await world.start({ disk: await testAgent.crash() });
  expect(await again.getPolicy({})).toMatchObject({ strangers: 'ask', first_contact: 'allow' });
  await again.setPolicy({ strangers: 'open' });
  expect(await contents(again)).toEqual(['let me in']);
});

test('drops a blocked peer’s message before the signature check, and sends no receipt', async () => {
  const { world, testAgent, bob, write, arrive, sentToBob } = await withStranger();
  await testAgent.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  const before = await testAgent.peer(bob.pubkey);
  await world.clock.advance(60_000);
  await write('now listen');
  await arrive({ ...bob.dm(testAgent.pubkey, 'and listen'), sig: '0'.repeat(128) });
  await arrive(bob.presence({ features: modern, name: 'Somebody else' }));
  await world.clock.advance(10_000);
  expect(await contents(testAgent)).toEqual([]);
  expect(sentToBob()).toEqual([]);
  expect(await testAgent.refused()).toEqual({ blocked: 3 });
  expect(await testAgent.peer(bob.pubkey)).toMatchObject({ name: before.name, last_seen: before.last_seen });
});

test('a blocked peer stays blocked after a restart, until the owner unblocks it', async () => {
  const { world, testAgent, bob, arrive } = await withStranger();
  await testAgent.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  const again = await world.start({ disk: await testAgent.crash() });
  await arrive(bob.dm(again.pubkey, 'one'));
  expect(await contents(again)).toEqual([]);
  await again.updatePeer({ pubkey: bob.pubkey, trust: 'stranger' });
  await arrive(bob.dm(again.pubkey, 'two'));
  expect(await contents(again)).toEqual(['two']);
});

test('blocks a blocked peer’s gift wraps too', async () => {
  const world = createTestMesh('wss://one.test');
  const { alice, bob } = await startTwo(world);
  await alice.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await bob.sendMessage({ to: alice.pubkey, content: 'psst' });
  await world.clock.advance(10_000);
  expect(await contents(alice)).toEqual([]);
  expect((await alice.refused())['blocked']).toBeGreaterThan(0);
});

test('blocking a peer ends messages on their way to it, and none can be sent', async () => {
  const { world, testAgent, bob } = await withStranger();
  world.relay.onPublish = () => timeout;
  const { id } = await testAgent.sendMessage({ to: bob.pubkey, content: 'hm' });
  await world.clock.advance(1_000);
  await testAgent.updatePeer({ pubkey: bob.pubkey, trust: 'blocked' });
  await world.clock.advance(1_000);
  expect(await testAgent.getMessage({ id })).toMatchObject({ delivery: { state: 'failed' } });
  await expect(testAgent.sendMessage({ to: bob.pubkey, content: 'hm?' })).rejects.toMatchObject({
    code: 'peer_blocked',
  });
  expect(await testAgent.peer(bob.pubkey)).toMatchObject({ reachability: { state: 'blocked' } });
});

test('with `ask` for first contacts, the first message to a stranger becomes a request', async () => {
  const { testAgent, bob, sentToBob, world } = await withStranger({ first_contact: 'ask' });
  const attempt = () => testAgent.sendMessage({ to: bob.pubkey, content: 'buy my things' });
  await expect(attempt()).rejects.toMatchObject({ code: 'first_contact' });
  await expect(attempt()).rejects.toMatchObject({ code: 'first_contact' });
  expect(await testAgent.listRequests({})).toMatchObject([
    { direction: 'out', peer: { pubkey: bob.pubkey }, messages: [{ content: 'buy my things' }] },
  ]);
  await testAgent.answerRequest({ pubkey: bob.pubkey, accept: true });
  await attempt();
  await world.clock.advance(1_000);
  expect(sentToBob()).toMatchObject([{ body: 'buy my things' }]);
  expect(await testAgent.listRequests({})).toEqual([]);
});

test('a reply is not a first contact, and the owner needs no approval', async () => {
  const { testAgent, bob, write, world } = await withStranger({ first_contact: 'ask' });
  const carol = world.fakePeer('carol');
  await testAgent.addPeer({ pubkey: carol.pubkey });
  await testAgent.sendMessage({ to: carol.pubkey, content: 'it is me' }, { owner: true });
  await write('hello');
  await testAgent.sendMessage({ to: bob.pubkey, content: 'hello yourself' });
  expect((await testAgent.listMessages({ direction: 'out' })).items).toHaveLength(2);
});

test('the owner sets and removes a peer’s alias and note', async () => {
  const { testAgent, bob } = await withStranger();
  const { pubkey } = bob;
  expect(await testAgent.updatePeer({ pubkey, alias: 'Bobby', note: 'from the fair' })).toMatchObject({
    name: 'Bob',
    alias: 'Bobby',
    note: 'from the fair',
    trust: 'stranger',
  });
  expect(await testAgent.updatePeer({ pubkey, alias: null, note: null })).toMatchObject({
    alias: null,
    note: null,
  });
  await expect(testAgent.updatePeer({ pubkey: testAgent.pubkey, trust: 'contact' })).rejects.toMatchObject({
    code: 'peer_unknown',
  });
});

test('logs at the start where the policy differs from the configuration', async () => {
  const world = createTestMesh('wss://one.test');
  const testAgent = await world.start();
  await testAgent.setPolicy({ strangers: 'closed' });
  const again = await world.start({ disk: await testAgent.crash(), config: { strangers: 'ask' } });
  expect(again.log.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', message: expect.stringContaining('strangers is closed') }),
  );
});
