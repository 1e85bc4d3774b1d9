import { type NostrEvent, tagValue } from '@ocmesh/shared/wire';
import { expect, test } from 'vitest';
import { accept, type MemoryRelay, reject } from './support/memory-relay-network.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

/** Returns the presences only; relay lists are published too. */
const presencesAmong = (events: readonly NostrEvent[]): NostrEvent[] =>
  events.filter(({ kind }) => kind !== 10_002 && kind !== 10_050);

const INTERVAL = 300_000;

test('announces itself in both kinds, with all tags that others look for', async () => {
  const world = createTestMesh();
  const agent = await world.start({ name: 'Ann' });
  const nowSec = Math.floor(world.clock.now() / 1000);
  const common = [
    ['t', 'ocmesh'],
    ['app', 'ocmesh'],
    ['v', '0.3.0'],
    ['name', 'Ann'],
    ['f', 'messaging'],
    ['f', 'query'],
    ['f', 'receipts'],
    ['f', 'envelope'],
    ['f', 'nip17'],
    ['f', 'ephemeral-ping'],
    ['L', 'ocmesh'],
    ['L', 'ocmesh.handle'],
    ['l', agent.pubkey.slice(0, 8), 'ocmesh.handle'],
    ['L', 'ocmesh.name'],
    ['l', 'ann', 'ocmesh.name'],
    ['instance', expect.stringMatching(/^[0-9a-f]{16}$/)],
    ['expiration', String(nowSec + 900)],
  ];
  expect(agent.published(31337)).toMatchObject([
    { created_at: nowSec, content: 'ocmesh-agent-online', tags: [['d', 'ocmesh-presence'], ...common] },
  ]);
  expect(agent.published(1)).toMatchObject([{ created_at: nowSec, tags: common }]);
});

test('a changed profile is announced within the write budget, the newest to a relay that asked for a pause, and in no note', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const [one, two] = world.mesh.relays as [MemoryRelay, MemoryRelay];
  const agent = await world.start();
  const heard = (relay: MemoryRelay) =>
    relay.offered.filter(({ kind }) => kind === 31337).map(({ tags }) => tagValue({ tags }, 'about'));
  two.onPublish = () => reject('rate-limited: retry in 60 s');
  await world.clock.advance(INTERVAL);
  two.onPublish = () => accept;
  for (const relay of [one, two]) relay.offered.length = 0;
  for (const about of ['first', 'second', 'third']) {
    await agent.setProfile({ about });
    await world.clock.advance(12_000);
  }
  expect([heard(one), heard(two)]).toEqual([['first', 'second', 'third'], []]);
  await world.clock.advance(30_000);
  expect(heard(two)).toEqual(['third']);
  expect(one.offered.filter(({ kind }) => kind === 1)).toEqual([]);
});

test('announces at every interval, with a newer date each time', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  await world.clock.advance(3 * INTERVAL);
  const times = agent.published(31337).map((event) => event.created_at);
  expect(times).toHaveLength(4);
  expect(times.slice(1).map((time, index) => time - (times[index] as number))).toEqual([300, 300, 300]);
});

test('announces to a relay that connects later, with the same event while it is fresh', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start({ up: false });
  agent.network.connect('wss://one.test');
  await world.clock.advance(1_000);
  agent.network.connect('wss://two.test');
  await settle(world.clock);
  const [one, two] = world.mesh.relays.map((relay) => relay.offered.filter((event) => event.kind === 31337));
  expect(one).toHaveLength(1);
  expect(two).toEqual(one);
});

test('created_at only grows, also across a restart and a clock that jumped back', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const times: number[] = [];
  const note = (from: typeof agent): void => {
    times.push(
      ...from
        .published(31337)
        .map((event) => event.created_at)
        .filter((time) => !times.includes(time)),
    );
  };
  await world.clock.advance(INTERVAL);
  world.clock.jump(-3_600_000);
  world.relay.clockOffsetMs = 3_600_000;
  await world.clock.advance(INTERVAL);
  note(agent);
  await agent.stop();
  note(agent);
  const again = await world.start({ disk: agent.disk });
  await world.clock.advance(INTERVAL);
  note(again);
  const third = await world.start({ disk: await again.crash() });
  note(third);
  expect(times.length).toBeGreaterThanOrEqual(6);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('dates the offline presence one second after the last announcement, with the same lifetime', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  await world.clock.advance(200_000);
  const last = agent.published(31337).at(-1);
  await agent.stop();
  const offline = agent.published(31337).at(-1);
  expect(offline?.created_at).toBe((last?.created_at as number) + 1);
  expect(offline?.tags).toContainEqual(['status', 'offline']);
  expect(offline?.tags).toContainEqual(['expiration', String((last?.created_at as number) + 1 + 900)]);
  expect(agent.published(1).at(-1)?.tags).not.toContainEqual(['status', 'offline']);
});

test('a newcomer after an offline presence does not see the peer online, although its kind 1 note is still there', async () => {
  const world = createTestMesh();
  const gone = await world.start();
  await world.clock.advance(200_000);
  world.relay.keep(...gone.published(1), ...gone.published(31337));
  await gone.stop();
  world.relay.keep(...gone.published(31337));
  await world.clock.advance(5 * 60_000);
  const agent = await world.start({ name: 'newcomer' });
  await world.clock.advance(10_000);
  expect((await agent.listPeers({})).items).toEqual([]);
});

test('publishes the kind 1 note only on relays that support expiration by NIP-11', async () => {
  const world = createTestMesh('wss://forgets.test', 'wss://keeps.test', 'wss://silent.test');
  world.mesh.relay('wss://keeps.test').info = { supportedNips: [1, 11], limitation: {} };
  world.mesh.relay('wss://silent.test').info = null;
  await world.start();
  await world.clock.advance(INTERVAL);
  const kindsAt = (url: string) =>
    new Set(presencesAmong(world.mesh.relay(url).offered).map((event) => event.kind));
  expect(kindsAt('wss://forgets.test')).toEqual(new Set([1, 31337]));
  expect(kindsAt('wss://keeps.test')).toEqual(new Set([31337]));
  expect(kindsAt('wss://silent.test')).toEqual(new Set([31337]));
});

/** Kind 1 notes and kind 31337 events that a relay was offered. */
const counts = (offered: readonly NostrEvent[]): [notes: number, presences: number] => [
  offered.filter(({ kind }) => kind === 1).length,
  offered.filter(({ kind }) => kind === 31337).length,
];

test.each(['blocked: no bots', 'rate-limited: slow down', 'no notes here'])(
  'a relay that refuses one note with %j gets no more, and still gets the presence',
  async (reason) => {
    const world = createTestMesh('wss://fussy.test', 'wss://other.test');
    const fussy = world.mesh.relay('wss://fussy.test');
    fussy.onPublish = ({ kind }) => (kind === 1 ? reject(reason) : accept);
    await world.start();
    await world.clock.advance(3 * INTERVAL);
    // A reason that refuses the writer also stops the presence on this relay.
    expect(counts(fussy.offered)[0]).toBe(1);
    if (!reason.startsWith('blocked')) expect(counts(fussy.offered)).toEqual([1, 4]);
    expect(counts(world.mesh.relay('wss://other.test').offered)).toEqual([4, 4]);
  },
);

test('a relay that sends a NOTICE right after a note gets no more; a later NOTICE changes nothing', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const agent = await world.start();
  agent.network.notice('wss://one.test');
  await world.clock.advance(10_000);
  agent.network.notice('wss://two.test');
  await world.clock.advance(2 * INTERVAL);
  expect(counts(world.mesh.relay('wss://one.test').offered)).toEqual([1, 3]);
  expect(counts(world.mesh.relay('wss://two.test').offered)).toEqual([3, 3]);
});

test('sends no notes while more than 100 agents are online', async () => {
  const world = createTestMesh();
  await world.start();
  for (let n = 0; n < 101; n++) {
    world.relay.push(world.fakePeer(`peer ${n}`).presence());
    if (n % 5 === 0) await world.clock.advance(1_000);
  }
  await world.clock.advance(INTERVAL);
  expect(counts(world.relay.offered)).toEqual([1, 2]);
  await world.clock.advance(4 * INTERVAL);
  expect(counts(world.relay.offered)[0]).toBeGreaterThan(1);
});

test('announces only in the configured kinds', async () => {
  const world = createTestMesh();
  const agent = await world.start({ config: { presence_kinds: [1] } });
  await world.clock.advance(INTERVAL);
  await agent.stop();
  expect(new Set(presencesAmong(world.relay.offered).map((event) => event.kind))).toEqual(new Set([1]));
});

test('leaves no timer after a clean stop', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  world.relay.push(world.fakePeer('bob').presence());
  await settle(world.clock);
  await agent.stop();
  expect(world.clock.pending()).toBe(0);
});

test('leaves no work after a stop in the middle of a flood', async () => {
  const world = createTestMesh();
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  for (let i = 0; i < 200; i++) world.relay.push(bob.dm(agent.pubkey, `m${i}`));
  await Promise.resolve();
  await agent.stop();
  await world.clock.advance(60_000);
  expect(world.clock.pending()).toBe(0);
});

test('the presences of known peers share writes to disk; one that says something new, or comes back, does not wait', async () => {
  const world = createTestMesh();
  let writes = 0;
  await world.start({ datasync: async () => void writes++ });
  const peers = Array.from({ length: 10 }, (_, n) => world.fakePeer(`peer ${n}`));
  const [first] = peers as [(typeof peers)[number]];
  const announceAll = async () => {
    for (const peer of peers) {
      world.relay.push(peer.presence());
      await world.clock.advance(1_000);
    }
  };
  await announceAll();
  await world.clock.advance(INTERVAL);
  writes = 0;
  await announceAll();
  expect(writes).toBeLessThan(5);

  writes = 0;
  world.relay.push(first.presence({ name: 'new' }));
  await settle(world.clock);
  expect(writes).toBe(1);

  await world.clock.advance(1_000_000);
  writes = 0;
  world.relay.push(first.presence({ name: 'new' }));
  await settle(world.clock);
  expect(writes).toBe(1);
});
