import { actor, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createWasmEngine } from '../src/adapters/crypto/wasm-engine.ts';
import { createIdentity } from '../src/core/identity/identity.ts';
import { modern } from './support/fake-peer.ts';
import { createTestMesh, settle, type TestAgent } from './support/test-agent.ts';

const ask = { strangers: 'ask' } as const;
const contents = async (agent: TestAgent): Promise<string[]> =>
  (await agent.inbox()).map(({ content }) => content);

async function asking() {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start({ config: ask });
  const [bob, carol] = [world.fakePeer('bob'), world.fakePeer('carol')];
  const arrive = async (...events: unknown[]): Promise<void> => {
    world.relay.push(...events);
    await settle(world.clock);
  };
  await arrive(bob.presence({ features: modern }), carol.presence({ features: modern }));
  await world.clock.advance(1_000);
  const accept = ({ pubkey }: typeof bob) => agent.answerRequest({ pubkey, accept: true });
  return { world, agent, bob, carol, arrive, accept };
}

const named = (mid: string, body: string) => ({ type: 'text', body, mid });

test('two strangers’ messages with the same id are both held and both released', async () => {
  const { agent, bob, carol, arrive, accept } = await asking();
  await arrive(bob.dm(agent.pubkey, named('message-1', 'from bob')));
  await arrive(carol.dm(agent.pubkey, named('message-1', 'from carol')));
  expect(await agent.listRequests({})).toHaveLength(2);
  await accept(bob);
  await accept(carol);
  expect(await contents(agent)).toEqual(['from bob', 'from carol']);
});

test('a held message whose id another conversation uses by now is still released', async () => {
  const { agent, bob, carol, arrive, accept } = await asking();
  await arrive(bob.dm(agent.pubkey, named('message-1', 'from bob')));
  await agent.updatePeer({ pubkey: carol.pubkey, trust: 'contact' });
  await arrive(carol.dm(agent.pubkey, named('message-1', 'from carol')));
  await accept(bob);
  expect(await contents(agent)).toEqual(['from carol', 'from bob']);
});

test('copies of a held message, before and after its release, count as one message', async () => {
  const { world, agent, arrive } = await asking();
  const dan = createIdentity(
    { engine: createWasmEngine(), random: createSeededRandom(7), clock: world.clock },
    actor('dan').secretKey,
  );
  const wrap = () =>
    dan.sealDm(
      agent.pubkey,
      JSON.stringify(named('message-of-dan', 'once')),
      Math.floor(world.clock.now() / 1000),
      'nip17',
    ).event;
  await arrive(wrap(), wrap(), wrap(), wrap());
  expect(await agent.listRequests({})).toMatchObject([{ message_count: 1 }]);
  expect(await agent.refused()).toEqual({});
  await agent.answerRequest({ pubkey: dan.pubkey, accept: true });
  await arrive(wrap(), wrap());
  expect(await contents(agent)).toEqual(['once']);
});

test('copies of a held message do not count against a stranger whose held messages are at the limit', async () => {
  const { agent, bob, arrive } = await asking();
  for (const n of [1, 2, 3]) await arrive(bob.dm(agent.pubkey, named(`message-${n}`, `${n}`)));
  await arrive(bob.dm(agent.pubkey, { ...named('message-1', '1'), again: true }));
  expect(await agent.refused()).toEqual({});
});

test('a restart with the policy `open` releases all held messages', async () => {
  const { world, agent, bob, arrive } = await asking();
  await arrive(bob.dm(agent.pubkey, 'let me in'));
  const again = await world.start({ disk: await agent.crash() });
  await settle(world.clock);
  expect(await again.getPolicy({})).toMatchObject({ strangers: 'open' });
  expect(await contents(again)).toEqual(['let me in']);
  expect(await again.listRequests({})).toEqual([]);
});

test('keeps two policy changes made at the same time', async () => {
  const { world, agent } = await asking();
  await Promise.all([agent.setPolicy({ strangers: 'closed' }), agent.setPolicy({ first_contact: 'ask' })]);
  const policy = { strangers: 'closed', first_contact: 'ask' };
  expect(await agent.getPolicy({})).toMatchObject(policy);
  const again = await world.start({ disk: await agent.crash() });
  expect(await again.getPolicy({})).toMatchObject(policy);
});

test('messages that arrive while all are released arrive once, and none stays held', async () => {
  const { agent, bob, carol, world } = await asking();
  for (let n = 0; n < 3; n++) world.relay.push(bob.dm(agent.pubkey, `bob ${n}`));
  const opened = agent.setPolicy({ strangers: 'open' });
  for (let n = 0; n < 3; n++) world.relay.push(carol.dm(agent.pubkey, `carol ${n}`));
  await settle(world.clock);
  await opened;
  expect((await contents(agent)).sort()).toEqual([
    'bob 0',
    'bob 1',
    'bob 2',
    'carol 0',
    'carol 1',
    'carol 2',
  ]);
  expect(await agent.listRequests({})).toEqual([]);
});

test('a peer can be made a contact while the inbox is full', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start({ bounds: { storedMessages: 2 } });
  const [friend, bob] = [world.fakePeer('friend'), world.fakePeer('bob')];
  world.relay.push(friend.presence(), bob.presence());
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  for (const text of ['a', 'b', 'c']) world.relay.push(friend.dm(agent.pubkey, text));
  await settle(world.clock);
  expect(await contents(agent)).toEqual(['a', 'b']);
  expect(await agent.updatePeer({ pubkey: bob.pubkey, trust: 'contact' })).toMatchObject({
    trust: 'contact',
  });
});

test('a request can be accepted while the inbox is full: its messages take no more room than before', async () => {
  const world = createTestMesh('ws://127.0.0.1:1');
  const agent = await world.start({ config: ask, bounds: { storedMessages: 3, pruneBatch: 1 } });
  const [friend, bob] = [world.fakePeer('friend'), world.fakePeer('bob')];
  world.relay.push(friend.presence(), bob.presence());
  world.relay.push(bob.dm(agent.pubkey, 'let me in'));
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  for (const text of ['a', 'b', 'c']) world.relay.push(friend.dm(agent.pubkey, text));
  await settle(world.clock);
  expect(await contents(agent)).toEqual(['a', 'b']);
  await agent.answerRequest({ pubkey: bob.pubkey, accept: true });
  expect(await contents(agent)).toEqual(['a', 'b', 'let me in']);
  expect(await agent.listRequests({})).toEqual([]);
});
