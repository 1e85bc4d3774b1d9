import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent, ourFeatures, tagValue } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import type { FakePeer } from './support/fake-peer.ts';
import { reject } from './support/memory-relay-network.ts';
import { copyDisk } from './support/memory-store.ts';
import { createTestMesh, settle, type TestAgent, type TestMesh } from './support/test-agent.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const able = [...ourFeatures];

const nowSec = (world: TestMesh): number => Math.floor(world.clock.now() / 1000);
/** Pings and pongs to this agent. Nobody sees from whom. */
const pingsTo = (world: TestMesh, { pubkey }: { pubkey: Pubkey }): NostrEvent[] =>
  world.mesh.relays
    .flatMap(({ offered }) => offered)
    .filter((event) => event.kind === kinds.ephemeralWrap && tagValue(event, 'p') === pubkey);

/** Two agents of a large mesh, contacts of each other, whose presences count for three hours. */
async function contacts(urls: string[] = ['wss://one.test']) {
  const world = createTestMesh(...urls);
  const alice = await world.start({ name: 'alice' });
  const bob = await world.start({ name: 'bob', config: rare });
  await world.clock.advance(SECOND);
  await alice.updatePeer({ pubkey: bob.pubkey, trust: 'contact' });
  await bob.updatePeer({ pubkey: alice.pubkey, trust: 'contact' });
  return {
    world,
    alice,
    bob,
    isOnline: async () => onlineIn(alice).then((keys) => keys.includes(bob.pubkey)),
  };
}
const rare = { announce_interval_s: 3_600, online_window_s: 10_800, presence_kinds: [31337 as const] };

/** Not asked for one by one, which would ping. */
const onlineIn = async (agent: TestAgent): Promise<string[]> =>
  (await agent.listPeers({ online: true })).items.map(({ pubkey }) => pubkey);

/** A peer that says it can reply to pings, and that its presence counts for three hours. */
function patient(world: TestMesh, name: string, features: readonly string[] = able): FakePeer {
  const peer = world.fakePeer(name);
  world.relay.send(peer.presence({ features, expiration: nowSec(world) + 10_800 }));
  return peer;
}

test('a contact that dies without a word is offline some minutes later, although its presence counts for hours', async () => {
  const { world, alice, bob, isOnline } = await contacts();
  await world.clock.advance(20 * MINUTE);
  expect(await isOnline()).toBe(true);
  await bob.crash();
  const offline: string[] = [];
  for (let minute = 0; minute < 8; minute++) {
    await world.clock.advance(MINUTE);
    if (!(await isOnline())) offline.push(`after ${minute + 1} minutes`);
  }
  expect(offline[0]).toMatch(/after [1-7] minutes/);
  expect(alice.log.lines).toContainEqual(
    expect.objectContaining({ message: 'a peer does not reply to pings and counts as offline' }),
  );
});

test('a contact that is there stays online for hours, at one ping or pong in five minutes', async () => {
  const { world, alice, bob, isOnline } = await contacts();
  await world.clock.advance(MINUTE);
  const before = pingsTo(world, bob).length + pingsTo(world, alice).length;
  for (let n = 0; n < 12; n++) {
    await world.clock.advance(10 * MINUTE);
    expect(await isOnline()).toBe(true);
  }
  const events = pingsTo(world, bob).length + pingsTo(world, alice).length - before;
  expect(events).toBeGreaterThan(0);
  expect(events).toBeLessThanOrEqual(2 * 24);
  expect(
    (await alice.peer(bob.pubkey)).last_seen > new Date(world.clock.now() - 6 * MINUTE).toISOString(),
  ).toBe(true);
});

test('a contact that was silent is online again with its next sign of life, and is found to be gone once more', async () => {
  const { world, bob, isOnline } = await contacts();
  await world.clock.advance(10 * MINUTE);
  const disk = await bob.crash();
  await world.clock.advance(8 * MINUTE);
  expect(await isOnline()).toBe(false);
  const again = await world.start({ disk: copyDisk(disk), config: rare });
  await world.clock.advance(MINUTE);
  expect(await isOnline()).toBe(true);
  await again.crash();
  await world.clock.advance(8 * MINUTE);
  expect(await isOnline()).toBe(false);
});

test.each([
  ['of an earlier version', able.filter((name) => name !== 'ephemeral-ping')],
  ['that never replied', able],
])('a contact %s stays online for as long as its presence says', async (_, features) => {
  const world = createTestMesh();
  const agent = await world.start();
  const old = patient(world, 'old', features);
  await settle(world.clock);
  await agent.updatePeer({ pubkey: old.pubkey, trust: 'contact' });
  await world.clock.advance(2 * HOUR);
  expect(await onlineIn(agent)).toEqual([old.pubkey]);
  await world.clock.advance(HOUR + MINUTE);
  expect(await onlineIn(agent)).toEqual([]);
});

test('a contact that does not reply is pinged less and less often', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const old = patient(world, 'old');
  await settle(world.clock);
  await agent.updatePeer({ pubkey: old.pubkey, trust: 'contact' });
  await world.clock.advance(2 * HOUR);
  // Twice each after 0, 10, 30, 70 minutes and so on.
  expect(pingsTo(world, old).length).toBeGreaterThanOrEqual(6);
  expect(pingsTo(world, old).length).toBeLessThanOrEqual(12);
});

test('a contact that announces itself and replies no more, as it blocked us, counts by its presence again', async () => {
  const { world, bob, alice, isOnline } = await contacts();
  await world.clock.advance(10 * MINUTE);
  await bob.updatePeer({ pubkey: alice.pubkey, trust: 'blocked' });
  await world.clock.advance(8 * MINUTE);
  expect(await isOnline()).toBe(false);
  await world.clock.advance(HOUR);
  expect(await isOnline()).toBe(true);
  await world.clock.advance(30 * MINUTE);
  expect(await isOnline()).toBe(true);
});

test.each(['stranger', 'blocked'] as const)('a %s gets no pong, and learns nothing', async (trust) => {
  const { world, alice, bob } = await contacts();
  await bob.updatePeer({ pubkey: alice.pubkey, trust });
  await world.clock.advance(10 * MINUTE);
  expect(pingsTo(world, bob).length).toBeGreaterThan(0);
  expect(pingsTo(world, alice)).toEqual([]);
});

test('an agent that announces itself nowhere sends neither pings nor pongs', async () => {
  const { world, alice, bob } = await contacts();
  const disk = await bob.crash();
  await world.start({ disk: copyDisk(disk), config: { ...rare, presence_kinds: [] } });
  await world.clock.advance(20 * MINUTE);
  expect(pingsTo(world, bob).length).toBeGreaterThan(0);
  expect(pingsTo(world, alice)).toEqual([]);
});

test('a flood of pings by a contact gets a pong every five seconds', async () => {
  const { world, alice, bob } = await contacts();
  const sign = bob.agent.identity;
  for (let n = 0; n < 40; n++) {
    const wrap = { nowSec: nowSec(world), backDatedSec: 0, isEphemeral: true };
    world.relay.push(sign.sealDm(alice.pubkey, '{"type":"ping"}', nowSec(world), 'nip17', { wrap }).event);
    await world.clock.advance(250);
  }
  expect(pingsTo(world, bob).length).toBeGreaterThanOrEqual(2);
  expect(pingsTo(world, bob).length).toBeLessThanOrEqual(3);
  expect(await alice.inbox()).toEqual([]);
});

test('a contact that tries a second relay at once gets a pong there, too', async () => {
  const { world, alice, bob } = await contacts(['wss://one.test', 'wss://two.test']);
  for (const relay of world.mesh.relays) {
    const wrap = { nowSec: nowSec(world), backDatedSec: 0, isEphemeral: true };
    const { identity } = bob.agent;
    const before = pingsTo(world, bob).length;
    relay.push(identity.sealDm(alice.pubkey, '{"type":"ping"}', nowSec(world), 'nip17', { wrap }).event);
    await world.clock.advance(SECOND);
    expect(pingsTo(world, bob).length - before).toBe(1);
  }
});

test('a flood of ephemeral gift wraps does not make a contact seem silent that is there', async () => {
  const { world, alice, bob, isOnline } = await contacts();
  // Only Alice asks: Bob has written to her.
  await bob.sendMessage({ to: alice.pubkey, content: 'hi' });
  await bob.updatePeer({ pubkey: alice.pubkey, trust: 'stranger' });
  await world.clock.advance(5 * MINUTE - 1);
  const tags = [['p', alice.pubkey]];
  const once = world.fakePeer('single use');
  const junk = Array.from({ length: 130 }, (_, n) =>
    once.sign({ kind: kinds.ephemeralWrap, tags, content: `${n}`, created_at: nowSec(world) + 100 }),
  );
  world.relay.push(...junk);
  const asked = pingsTo(world, bob).length;
  // Just before each moment at which a contact may be asked.
  for (let n = 0; n < 3 * 60 * 4; n++) {
    await world.clock.advance(250);
    world.relay.push(...junk.slice(0, 3));
  }
  expect(pingsTo(world, bob).length).toBeGreaterThan(asked);
  expect((await alice.refused())['rate_limited']).toBeGreaterThan(100);
  expect(await isOnline()).toBe(true);
});

test('a ping that a relay sends again later gets no pong, and is no sign of life', async () => {
  const { world, alice, bob } = await contacts();
  await world.clock.advance(MINUTE);
  const [ping] = pingsTo(world, alice);
  await bob.stop();
  await world.clock.advance(10 * MINUTE);
  const before = pingsTo(world, bob).length;
  world.relay.push(ping);
  await settle(world.clock);
  expect(pingsTo(world, bob)).toHaveLength(before);
  expect(await onlineIn(alice)).toEqual([]);
});

test('a message in an ephemeral gift wrap is not taken: no relay would have kept it', async () => {
  const { world, alice, bob } = await contacts();
  const wrap = { nowSec: nowSec(world), backDatedSec: 0, isEphemeral: true };
  world.relay.push(bob.agent.identity.sealDm(alice.pubkey, 'hi', nowSec(world), 'nip17', { wrap }).event);
  await settle(world.clock);
  expect(await alice.inbox()).toEqual([]);
  expect(await alice.refused()).toMatchObject({ unwanted_kind: 1 });
});

test('a relay that takes no pings is not asked again, and the other one shows that the contact is there', async () => {
  const { world, alice, bob, isOnline } = await contacts(['wss://one.test', 'wss://two.test']);
  for (const relay of world.mesh.relays) {
    if (relay.url !== 'wss://one.test') continue;
    relay.onPublish = (event) =>
      event.kind === kinds.ephemeralWrap ? reject('blocked: kind not allowed') : { ...accepted };
  }
  await world.clock.advance(30 * MINUTE);
  expect(await isOnline()).toBe(true);
  expect(
    (await alice.peer(bob.pubkey)).last_seen > new Date(world.clock.now() - 7 * MINUTE).toISOString(),
  ).toBe(true);
  const refused = world.relay.offered.filter(
    (event) => event.kind === kinds.ephemeralWrap && tagValue(event, 'p') === bob.pubkey,
  );
  expect(refused.length).toBeLessThanOrEqual(1);
});
const accepted = { outcome: 'accepted', reason: null, prefix: null, keeps: true } as const;

test('a relay that becomes slow does not make a contact seem silent that is there', async () => {
  for (const urls of [['wss://one.test'], ['wss://one.test', 'wss://two.test']]) {
    const { world, isOnline } = await contacts(urls);
    await world.clock.advance(30 * MINUTE);
    // A pong comes back after 18 s, longer than we wait for it.
    world.relay.onPublish = async (event) => {
      if (event.kind === kinds.ephemeralWrap)
        await new Promise<void>((resolve) => world.clock.after(9 * SECOND, resolve));
      return accepted;
    };
    let offline = 0;
    for (let minute = 0; minute < 60; minute++) {
      await world.clock.advance(MINUTE);
      if (!(await isOnline())) offline++;
    }
    expect(offline).toBe(0);
  }
});

test('a peer that somebody asks for is pinged, and the answer waits for its pong', async () => {
  const { world, alice, bob } = await contacts();
  await alice.updatePeer({ pubkey: bob.pubkey, trust: 'stranger' });
  await world.clock.advance(20 * MINUTE);
  const before = (await alice.listPeers({})).items[0]?.last_seen ?? '';
  const shown = alice.peer(bob.pubkey);
  await world.clock.advance(100);
  expect((await shown).last_seen > before).toBe(true);
  const asked = pingsTo(world, bob).length;
  await alice.peer(bob.pubkey);
  expect(pingsTo(world, bob)).toHaveLength(asked);
});

test('the state of contacts that come and go, some of them without a word, is right 99 % of the time two scans later', async () => {
  const world = createTestMesh();
  const alice = await world.start({ name: 'alice' });
  const contacts = await Promise.all(
    ['bob', 'carol', 'dave'].map(async (name) => {
      const agent = await world.start({ name, config: rare });
      await world.clock.advance(SECOND);
      await alice.updatePeer({ pubkey: agent.pubkey, trust: 'contact' });
      await agent.updatePeer({ pubkey: alice.pubkey, trust: 'contact' });
      return { agent, pubkey: agent.pubkey, disk: agent.disk, isOn: true, changedAt: 0 };
    }),
  );
  let looks = 0;
  let right = 0;
  for (let minute = 1; minute <= 240; minute++) {
    for (const [n, contact] of contacts.entries()) {
      // On for 40 minutes and off for 20, each at another time.
      const phase = (minute + 13 * n) % 60;
      if (contact.isOn && phase === 40) {
        contact.disk = copyDisk(contact.agent.disk);
        await (minute % 2 === 0 ? contact.agent.crash() : contact.agent.stop());
        Object.assign(contact, { isOn: false, changedAt: minute });
      } else if (!contact.isOn && phase === 0) {
        contact.agent = await world.start({ disk: contact.disk, config: rare });
        Object.assign(contact, { isOn: true, changedAt: minute });
      }
    }
    await world.clock.advance(MINUTE);
    const online = await onlineIn(alice);
    for (const { pubkey, isOn, changedAt } of contacts) {
      if (minute - changedAt < 4) continue;
      looks++;
      if (online.includes(pubkey) === isOn) right++;
    }
  }
  expect(looks).toBeGreaterThan(500);
  expect((100 * right) / looks).toBeGreaterThanOrEqual(99);
});
