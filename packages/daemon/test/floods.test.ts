import { limits } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { ingestLimits } from '../src/core/ingest/limits.ts';
import { trustLimits } from '../src/core/trust/limits.ts';
import { type FakePeer, modern } from './support/fake-peer.ts';
import { createTestMesh, settle, type TestAgent, type TestMesh } from './support/test-agent.ts';

const ONE = 'ws://127.0.0.1:1';
const TWO = 'ws://127.0.0.1:2';
const MINUTE = 60_000;

/** Starts an agent with a contact it has known for a while. */
async function withContact(...urls: string[]) {
  const world = createTestMesh(...urls);
  const agent = await world.start();
  const friend = world.fakePeer('friend');
  world.relay.push(friend.presence());
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  await world.clock.advance(5_000);
  return { world, agent, friend, flooded: world.mesh.relay(ONE) };
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

/** Presences of this many keys, with invalid signatures. */
const forgedPresences = (world: TestMesh, like: FakePeer, count: number): NostrEvent[] => {
  const real = like.presence();
  return Array.from({ length: count }, (_, n) => ({
    ...real,
    id: hex(n + 1, 64),
    pubkey: hex(n + 1, 64) as NostrEvent['pubkey'],
    created_at: Math.floor(world.clock.now() / 1000),
  }));
};

const from = async (agent: TestAgent, fakePeer: FakePeer): Promise<string[]> =>
  (await agent.listMessages({ from: fakePeer.pubkey, order: 'asc', limit: 1000 })).items.map(
    ({ content }) => content,
  );

test('while a stranger sends 1,000 messages a second, a contact’s arrive within a turn or two', async () => {
  const { world, agent, friend, flooded } = await withContact(ONE);
  const spammer = world.fakePeer('spammer');
  const spam = spammer.dm(agent.pubkey, 'spam');
  let number = 0;
  for (let second = 0; second < 20; second++) {
    for (let tick = 0; tick < 10; tick++) {
      // Every event has its own id, so none is a known duplicate; the first signatures are valid.
      const events = Array.from({ length: 100 }, () =>
        number++ < 100 ? spammer.dm(agent.pubkey, `spam ${number}`) : { ...spam, id: hex(number, 64) },
      );
      flooded.push(...events);
      if (tick === 5) flooded.push(friend.dm(agent.pubkey, `${second}`));
      await world.clock.advance(100);
    }
    expect((await from(agent, friend)).at(-1)).toBe(`${second}`);
  }
  expect(await from(agent, friend)).toHaveLength(20);
  // The burst at once, and a third of a minute's rate since.
  expect((await from(agent, spammer)).length).toBeGreaterThanOrEqual(trustLimits.stranger.messagesBurst);
  expect((await from(agent, spammer)).length).toBeLessThanOrEqual(trustLimits.stranger.messagesBurst + 10);
});

test('messages a stranger sends too fast are deferred, not lost', async () => {
  const { world, agent, flooded } = await withContact(ONE);
  const talker = world.fakePeer('talker');
  for (let n = 0; n < 100; n++) {
    const event = talker.dm(agent.pubkey, `m${n}`);
    flooded.keep(event);
    flooded.push(event);
  }
  await settle(world.clock);
  expect(await from(agent, talker)).toHaveLength(trustLimits.stranger.messagesBurst);
  expect(await agent.refused()).toMatchObject({ rate_limited: 40 });
  await world.clock.advance(6 * MINUTE);
  expect(await from(agent, talker)).toHaveLength(100);
});

test('a peer our agent writes to is exempt from strangers’ limits at once', async () => {
  const { world, agent, flooded } = await withContact(ONE);
  const bob = world.fakePeer('bob');
  flooded.push(bob.presence());
  await settle(world.clock);
  await agent.sendMessage({ to: bob.pubkey, content: 'tell me everything' });
  for (let n = 0; n < 200; n++) flooded.push(bob.dm(agent.pubkey, `m${n}`));
  await settle(world.clock);
  expect(await from(agent, bob)).toHaveLength(200);
});

test('a flood of made-up presences affects neither another relay nor contacts on the same one', async () => {
  const { world, agent, friend, flooded } = await withContact(ONE, TWO);
  const before = forgedCount(agent);
  for (let round = 0; round < 10; round++) {
    flooded.push(...forgedPresences(world, friend, 1_000));
    await world.clock.advance(100);
  }
  // The burst, and ten more for the second that passed.
  const checked = forgedCount(agent) - before;
  expect(checked).toBeGreaterThanOrEqual(trustLimits.verifications.newPeers.burst);
  expect(checked).toBeLessThanOrEqual(trustLimits.verifications.newPeers.burst + 15);
  expect(await agent.refused()).toMatchObject({ rate_limited: 10_000 - checked });
  world.mesh.relay(TWO).push(world.fakePeer('newcomer').presence({ name: 'newcomer' }));
  flooded.push(friend.presence({ name: 'still here', createdAtSec: Math.floor(world.clock.now() / 1000) }));
  flooded.push(friend.dm(agent.pubkey, 'hello in the noise'));
  await settle(world.clock);
  expect((await agent.peers()).map(({ name }) => name).sort()).toEqual(['newcomer', 'still here']);
  expect(await from(agent, friend)).toEqual(['hello in the noise']);
});

const forgedCount = (agent: TestAgent): number =>
  agent.network.reports.filter(({ offence }) => offence === 'forged').length;

test('a relay that forges a contact’s messages uses up only its own reserved rate', async () => {
  const { world, agent, friend, flooded } = await withContact(ONE, TWO);
  const real = friend.dm(agent.pubkey, 'real');
  flooded.push(...Array.from({ length: 5_000 }, (_, n) => ({ ...real, id: hex(n + 1, 64) })));
  await settle(world.clock);
  world.mesh.relay(TWO).push(real);
  await settle(world.clock);
  expect(await from(agent, friend)).toEqual(['real']);
});

test('opens gift wraps at a limited rate, and fetches the rest again', async () => {
  const { world, agent, flooded, friend } = await withContact(ONE);
  const wrap = { ...friend.dm(agent.pubkey, 'x'), kind: 1059, content: 'x'.repeat(200) };
  const pubkey = world.fakePeer('nobody').pubkey;
  const count = trustLimits.verifications.giftWraps.burst + 500;
  flooded.push(...Array.from({ length: count }, (_, n) => ({ ...wrap, pubkey, id: hex(n + 1, 64) })));
  const asked = flooded.queries.length;
  await settle(world.clock);
  expect(forgedCount(agent)).toBe(trustLimits.verifications.giftWraps.burst);
  expect(await agent.refused()).toMatchObject({ rate_limited: 500 });
  await world.clock.advance(6 * MINUTE);
  expect(flooded.queries.slice(asked).some(({ kinds }) => kinds?.includes(1059))).toBe(true);
});

test('a flood that fills the queue delays its own relay, not others', async () => {
  const { world, agent, flooded, friend } = await withContact(ONE, TWO);
  const bob = world.fakePeer('bob');
  const forged = { ...bob.dm(agent.pubkey, 'x'.repeat(300)) };
  // All in one turn: the queue is full before any is verified.
  flooded.push(
    ...Array.from({ length: ingestLimits.queuedEvents + 2_000 }, (_, n) => ({
      ...forged,
      id: hex(n + 1, 64),
    })),
  );
  world.mesh.relay(TWO).push(bob.dm(agent.pubkey, 'through the other relay'));
  flooded.push(friend.dm(agent.pubkey, 'from a friend'));
  await settle(world.clock);
  expect(await from(agent, bob)).toEqual(['through the other relay']);
  expect(await from(agent, friend)).toEqual(['from a friend']);
  expect((await agent.refused())['overloaded']).toBeGreaterThan(1_000);
});

test('limits receipts to strangers, however many there are', async () => {
  const { world, agent, flooded, friend } = await withContact(ONE);
  const strangers = Array.from({ length: 100 }, (_, n) => world.fakePeer(`stranger ${n}`));
  // Peers of the deployed mesh get one receipt per message.
  for (const each of strangers) flooded.push(each.dm(agent.pubkey, { type: 'text', body: 'hi' }));
  for (const each of strangers) flooded.push(each.presence({ version: '0.2.0' }));
  await world.clock.advance(1_000);
  flooded.offered.length = 0;
  for (const each of strangers)
    flooded.push(each.dm(agent.pubkey, { type: 'text', v: '0.2.0', body: 'again' }));
  flooded.push(friend.presence({ version: '0.2.0', createdAtSec: Math.floor(world.clock.now() / 1000) }));
  await settle(world.clock);
  flooded.push(friend.dm(agent.pubkey, { type: 'text', v: '0.2.0', body: 'hi' }));
  await world.clock.advance(MINUTE);
  const receipts = (fakePeer: FakePeer) =>
    fakePeer.opened(flooded.offered).filter(({ type }) => type === 'delivered').length;
  expect(receipts(friend)).toBe(1);
  const toStrangers = strangers.reduce((sum, each) => sum + receipts(each), 0);
  expect(toStrangers).toBeGreaterThan(0);
  expect(toStrangers).toBeLessThanOrEqual(
    trustLimits.stranger.repliesBurst + trustLimits.stranger.repliesPerMinute,
  );
});

test('receipts to strangers beyond the limit are sent a little later, none is lost', async () => {
  const { world, agent, flooded } = await withContact(ONE);
  const talkers = Array.from({ length: 80 }, (_, n) => world.fakePeer(`talker ${n}`));
  for (const each of talkers) flooded.push(each.presence({ features: modern }));
  await settle(world.clock);
  const midOf = (each: FakePeer): string => `mid of ${each.pubkey.slice(0, 20)}`.replaceAll(' ', '-');
  for (const each of talkers)
    flooded.push(each.dm(agent.pubkey, { type: 'text', body: 'hi', mid: midOf(each) }));
  const receipted = () =>
    talkers.filter((each) =>
      each
        .opened(flooded.offered)
        .some(({ msgIds }) => (msgIds as string[] | undefined)?.includes(midOf(each))),
    ).length;
  await world.clock.advance(1_000);
  expect(receipted()).toBe(trustLimits.stranger.repliesBurst);
  await world.clock.advance(MINUTE);
  expect(receipted()).toBe(80);
});

test('a receipt with many ids stays within the size of a message', async () => {
  const { world, agent, flooded, friend } = await withContact(ONE);
  flooded.push(friend.presence({ features: modern, createdAtSec: Math.floor(world.clock.now() / 1000) }));
  await settle(world.clock);
  const mids = Array.from({ length: 900 }, (_, n) => `mid-${n}`.padEnd(128, 'x'));
  for (const mid of mids) flooded.push(friend.dm(agent.pubkey, { type: 'text', body: mid, mid }));
  await world.clock.advance(2_000);
  const receipts = friend.opened(flooded.offered).filter(({ type }) => type === 'delivered');
  expect(new Set(receipts.flatMap(({ msgIds }) => msgIds as string[]))).toEqual(new Set(mids));
  for (const receipt of receipts) {
    expect(JSON.stringify(receipt).length).toBeLessThanOrEqual(limits.message.plaintextBytes);
  }
});

test('a contact’s flood does not lose another contact’s message', async () => {
  const { world, agent, friend, flooded } = await withContact(ONE);
  const noisy = world.fakePeer('noisy');
  flooded.push(noisy.presence());
  await settle(world.clock);
  await agent.updatePeer({ pubkey: noisy.pubkey, trust: 'contact' });
  await world.clock.advance(5_000);
  const spam = noisy.dm(agent.pubkey, 'spam');
  const quiet = friend.dm(agent.pubkey, 'quiet');
  flooded.push(...Array.from({ length: 15_000 }, (_, n) => ({ ...spam, id: hex(n + 1, 64) })));
  flooded.keep(quiet);
  flooded.push(quiet);
  await settle(world.clock);
  await world.clock.advance(6 * MINUTE);
  expect(await from(agent, friend)).toEqual(['quiet']);
});
