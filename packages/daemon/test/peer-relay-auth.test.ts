import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { accept, reject } from './support/memory-relay-network.ts';
import { createTestMesh } from './support/test-agent.ts';

const ONE = 'wss://one.test';
const THEIRS = 'wss://theirs.test';
const MINUTE = 60_000;
const isWrap = ({ kind }: NostrEvent): boolean => kind === 1059;

/** Starts an agent whose peer reads from a relay that takes writes only from keys that it knows. */
async function withMembersOnly(features: readonly string[]) {
  const world = createTestMesh(ONE, THEIRS);
  const bob = world.fakePeer('bob');
  const theirs = world.mesh.relay(THEIRS);
  /** Whether we told it who we are, with each write. */
  const told: boolean[] = [];
  theirs.onPublish = (_, mayIdentify) => {
    told.push(mayIdentify);
    return mayIdentify ? accept : reject('auth-required: members only');
  };
  world.relay.keep(bob.sign({ kind: 10_050, tags: [['relay', THEIRS]] }), bob.presence({ features }));
  const agent = await world.start({ config: { relays: [ONE] } });
  await world.clock.advance(MINUTE);
  told.length = 0;
  const send = () => agent.sendMessage({ to: bob.pubkey, content: 'hi' });
  const outcomeOf = async (id: string) =>
    (await agent.getMessage({ id })).delivery.relays.find(({ url }) => url === THEIRS)?.outcome;
  return { world, agent, theirs, told, send, outcomeOf };
}

test('a peer’s relay does not learn who writes while another relay takes the message, and is not asked for ever', async () => {
  const { world, told, send, outcomeOf } = await withMembersOnly(['nip17']);
  const { id } = await send();
  await world.clock.advance(60 * MINUTE);
  expect(await outcomeOf(id)).toBe('rejected');
  expect(told).not.toContain(true);
  expect(told.length).toBeLessThan(3);
});

test('it learns who writes if the message can go no other way', async () => {
  const { world, agent, theirs, send, outcomeOf } = await withMembersOnly(['nip17']);
  agent.network.disconnect(ONE);
  const { id } = await send();
  await world.clock.advance(MINUTE);
  expect(await outcomeOf(id)).toBe('accepted');
  expect(theirs.stored.filter((event) => isWrap(event as NostrEvent))).toHaveLength(1);
});

test('it learns who writes once every other relay has refused the message', async () => {
  const { world, send, outcomeOf } = await withMembersOnly(['nip17']);
  world.relay.onPublish = (event) => (isWrap(event) ? reject('invalid: no wraps') : accept);
  const { id } = await send();
  await world.clock.advance(5 * MINUTE);
  expect(await outcomeOf(id)).toBe('accepted');
});

test('kind 4 says by itself who writes: nothing is held back', async () => {
  const { world, send, outcomeOf } = await withMembersOnly([]);
  const { id } = await send();
  await world.clock.advance(MINUTE);
  expect(await outcomeOf(id)).toBe('accepted');
});
