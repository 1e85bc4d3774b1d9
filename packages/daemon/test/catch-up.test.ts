import type { Pubkey } from '@ocmesh/shared/contract';
import type { Filter, NostrEvent } from '@ocmesh/shared/wire';
import { describe, expect, test } from 'vitest';
import { catchUpLimits } from '../src/core/catch-up/limits.ts';
import { trustLimits } from '../src/core/trust/limits.ts';
import { createTestMesh, settle } from './support/test-agent.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DAY_SEC = 86_400;
const URL = 'wss://one.test';

/** Stops an agent, so that its relay keeps messages for it. */
async function away() {
  const world = createTestMesh(URL);
  const agent = await world.start();
  await settle(world.clock);
  await agent.stop();
  world.relay.queries.length = 0;
  return { world, agent, bob: world.fakePeer('bob'), nowSec: () => Math.floor(world.clock.now() / 1000) };
}

const dmQueries = (world: ReturnType<typeof createTestMesh>) =>
  world.relay.queries.filter(
    ({ kinds, limit }) => kinds?.includes(4) && limit !== catchUpLimits.liveCheckEvents,
  );

test('fetches a backlog larger than a page of the relay, in the order of its senders', async () => {
  const { world, agent, bob, nowSec } = await away();
  world.relay.maxRows = 7;
  const contents = Array.from({ length: 50 }, (_, index) => `m${index}`);
  for (const [index, content] of contents.entries()) {
    world.relay.keep(bob.dm(agent.pubkey, content, { created_at: nowSec() - 500 + index }));
  }
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  expect((await again.inbox()).map(({ content }) => content)).toEqual(contents);
});

test('a second with more events than a page does not hide older ones', async () => {
  const { world, agent, bob, nowSec } = await away();
  world.relay.maxRows = 5;
  world.relay.keep(bob.dm(agent.pubkey, 'older', { created_at: nowSec() - 100 }));
  for (let i = 0; i < 8; i++)
    world.relay.keep(bob.dm(agent.pubkey, `same${i}`, { created_at: nowSec() - 50 }));
  world.relay.keep(bob.dm(agent.pubkey, 'newer', { created_at: nowSec() - 10 }));
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  const contents = (await again.inbox()).map(({ content }) => content);
  expect(contents).toContain('older');
  expect(contents).toContain('newer');
});

test('sorts by second, then by the number in the conversation, then by id', async () => {
  const { world, agent, bob, nowSec } = await away();
  const at = (sec: number, payload: string | Record<string, unknown>): NostrEvent =>
    bob.dm(agent.pubkey, payload, { created_at: nowSec() - sec });
  const unnumbered = [at(5, 'x'), at(5, 'y')].sort((a, b) => (a.id < b.id ? -1 : 1));
  world.relay.keep(
    at(10, { type: 'text', body: 'third', seq: 3 }),
    at(10, { type: 'text', body: 'second', seq: 2 }),
    at(20, { type: 'text', body: 'first', seq: 9 }),
    ...unnumbered.toReversed(),
  );
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  const inbox = await again.inbox();
  expect(inbox.slice(0, 3).map(({ content }) => content)).toEqual(['first', 'second', 'third']);
  expect(inbox.slice(3).map(({ id }) => id)).toEqual(unnumbered.map(({ id }) => id));
});

test('reaches back from its last fetch for as long as senders keep retrying', async () => {
  const { world, agent, bob, nowSec } = await away();
  const leftSec = nowSec();
  // Signed six days before we left, published only while we were away.
  await world.clock.advance(10 * DAY);
  world.relay.keep(bob.dm(agent.pubkey, 'late', { created_at: leftSec - 6 * 86_400 }));
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  expect(dmQueries(world)[0]).toMatchObject({ since: leftSec - 7 * 86_400, '#p': [agent.pubkey] });
  expect(await again.inbox()).toMatchObject([{ content: 'late' }]);
});

test('ignores a cursor in the future', async () => {
  const { world, agent, bob, nowSec } = await away();
  world.clock.jump(-30 * DAY);
  world.relay.keep(bob.dm(agent.pubkey, 'missed', { created_at: nowSec() - 3_600 }));
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  expect(dmQueries(world)[0]).toMatchObject({ since: nowSec() - 7 * 86_400 });
  expect(await again.inbox()).toMatchObject([{ content: 'missed' }]);
});

test('is deep at most once an hour, shallow after a short interruption, and makes up for the deep one', async () => {
  const { world, agent, nowSec } = await away();
  const startSec = nowSec();
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  expect(dmQueries(world)).toHaveLength(1);

  await world.clock.advance(10 * 60_000);
  again.network.disconnect();
  const lostSec = nowSec();
  await world.clock.advance(30_000);
  again.network.connect();
  await settle(world.clock);
  expect(dmQueries(world).slice(1)).toMatchObject([{ since: lostSec - 600 }]);

  await world.clock.advance(HOUR);
  const deep = dmQueries(world).slice(2);
  expect(deep).toHaveLength(1);
  expect(deep[0]?.since).toBeGreaterThanOrEqual(startSec - 7 * 86_400);
  expect(deep[0]?.since).toBeLessThan(startSec);
});

test('is deep after an interruption of more than an hour', async () => {
  const { world, agent, nowSec } = await away();
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  const startSec = nowSec();
  again.network.disconnect();
  await world.clock.advance(2 * HOUR);
  again.network.connect();
  await settle(world.clock);
  expect(dmQueries(world).slice(1)).toMatchObject([{ since: startSec - 7 * 86_400 }]);
});

test('a second EOSE on the same connection never asks for events from before 1970', async () => {
  const { world, agent, nowSec } = await away();
  const again = await world.start({ disk: agent.disk });
  const startSec = nowSec();
  await world.clock.advance(60_000);
  again.network.reopenDms(URL);
  await settle(world.clock);
  expect(dmQueries(world).slice(1)).toMatchObject([{ since: startSec - 600 }]);
});

test('retries a catch-up that broke off, and moves no cursor', async () => {
  const { world, agent, bob, nowSec } = await away();
  world.relay.completes = false;
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  const asked = dmQueries(world).length;
  world.relay.completes = true;
  world.relay.keep(bob.dm(agent.pubkey, 'missed', { created_at: nowSec() - 100 }));
  await world.clock.advance(10 * 60_000);
  expect(dmQueries(world).length).toBeGreaterThan(asked);
  expect(dmQueries(world).at(asked)?.since).toBe(dmQueries(world)[0]?.since);
  expect(await again.inbox()).toMatchObject([{ content: 'missed' }]);
});

test('a message kept by several relays arrives once', async () => {
  const world = createTestMesh('wss://one.test', 'wss://two.test');
  const bob = world.fakePeer('bob');
  const agent = await world.start();
  await agent.stop();
  const event = bob.dm(agent.pubkey, 'x');
  for (const relay of world.mesh.relays) relay.keep(event);
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  expect(await again.inbox()).toHaveLength(1);
});

test('a forged copy in the backfill does not hide the real event', async () => {
  const { world, agent, bob } = await away();
  const real = bob.dm(agent.pubkey, 'real');
  const forged = { ...real, sig: `${real.sig.slice(0, -1)}${real.sig.endsWith('0') ? '1' : '0'}` };
  world.relay.keep(forged, real);
  const again = await world.start({ disk: agent.disk });
  await settle(world.clock);
  expect(await again.inbox()).toMatchObject([{ content: 'real' }]);
});

test('a deferred message that is back-dated by days is fetched again, and arrives', async () => {
  const world = createTestMesh(URL);
  const agent = await world.start();
  const [bob, friend] = [world.fakePeer('bob'), world.fakePeer('friend')];
  world.relay.push(friend.presence());
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  await world.clock.advance(2 * HOUR);
  const old = { created_at: Math.floor(world.clock.now() / 1000) - 3 * 86_400 };
  for (let n = 0; n < trustLimits.stranger.messagesBurst; n++)
    world.relay.push(bob.dm(agent.pubkey, `m${n}`));
  const late = bob.dm(agent.pubkey, 'late', old);
  world.relay.keep(late);
  world.relay.push(late);
  await settle(world.clock);
  expect(await agent.refused()).toMatchObject({ rate_limited: 1 });
  await world.clock.advance(6 * 60_000);
  expect((await agent.inbox()).map(({ content }) => content)).toContain('late');
});

test('a contact’s old message that was refused by a full store arrives once there is room', async () => {
  const world = createTestMesh(URL);
  const agent = await world.start({ bounds: { storedMessages: 2, pruneBatch: 1 } });
  const friend = world.fakePeer('friend');
  world.relay.push(friend.presence());
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  await world.clock.advance(2 * HOUR);
  world.relay.push(friend.dm(agent.pubkey, 'a'), friend.dm(agent.pubkey, 'b'));
  const late = friend.dm(agent.pubkey, 'late', {
    created_at: Math.floor(world.clock.now() / 1000) - 3 * 86_400,
  });
  world.relay.keep(late);
  world.relay.push(late);
  await settle(world.clock);
  expect(await agent.refused()).toMatchObject({ inbox_full: 1 });
  await agent.markRead({ all: true });
  await world.clock.advance(6 * 60_000);
  expect((await agent.inbox()).map(({ content }) => content)).toContain('late');
});

test('an endless flood makes us ask every five minutes, not more often', async () => {
  const world = createTestMesh(URL);
  const agent = await world.start();
  const bob = world.fakePeer('bob');
  await world.clock.advance(2 * HOUR);
  for (let n = 0; n < trustLimits.stranger.messagesBurst; n++)
    world.relay.push(bob.dm(agent.pubkey, `m${n}`));
  await settle(world.clock);
  world.relay.queries.length = 0;
  // Never kept by the relay: fetching finds nothing, and more arrives at once.
  for (let minute = 0; minute < 60; minute++) {
    for (let n = 0; n < 40; n++) world.relay.push(bob.dm(agent.pubkey, `more ${minute} ${n}`));
    await world.clock.advance(60_000);
  }
  expect((await agent.refused())['rate_limited']).toBeGreaterThan(500);
  expect(dmQueries(world).length).toBeLessThanOrEqual(13);
  expect(dmQueries(world).length).toBeGreaterThanOrEqual(10);
});

describe('a second with more junk than the relay sends', () => {
  /** An agent with a contact that was away while its relay got these events. */
  async function flooded(makeEvents: (self: Pubkey, atSec: number) => NostrEvent[], maxRows: number) {
    const world = createTestMesh(URL);
    const friend = world.fakePeer('friend');
    const agent = await world.start();
    world.relay.push(friend.presence());
    await settle(world.clock);
    await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
    await agent.stop();
    const atSec = Math.floor(world.clock.now() / 1000) - 50;
    world.relay.maxRows = maxRows;
    world.relay.keep(
      ...makeEvents(agent.pubkey, atSec),
      friend.dm(agent.pubkey, 'hidden', { created_at: atSec }),
    );
    world.relay.queries.length = 0;
    const start = async (disk = agent.disk) => {
      const again = await world.start({ disk });
      await world.clock.advance(60_000);
      return { again, state: async () => (await again.listRelays({}))[0]?.catch_up };
    };
    return { world, friend, start };
  }
  const junkOf = (world: ReturnType<typeof createTestMesh>, kind: number, count: number) => {
    const mallory = world.fakePeer('mallory');
    return (self: Pubkey, created_at: number): NostrEvent[] =>
      Array.from({ length: count }, (_, n) =>
        mallory.sign({ kind, created_at, tags: [['p', self]], content: `junk ${n}` }),
      );
  };

  test.each([520, 100])('does not hide a contact’s message: %i events', async (count) => {
    const { start, world } = await flooded(junkOf(createTestMesh(URL), 4, count), Math.min(500, count));
    const { again, state } = await start();
    expect((await again.inbox()).map(({ content }) => content)).toEqual(['hidden']);
    expect(await state()).toBe('incomplete');
    const since = dmQueries(world)[0]?.since;
    await again.stop();
    world.relay.queries.length = 0;
    await start(again.disk);
    // The cursor has not moved.
    expect(dmQueries(world)[0]?.since).toBe(since);
  });

  test('is asked for again each hour, until the relay has no more than it sends', async () => {
    const { start, world } = await flooded(junkOf(createTestMesh(URL), 1059, 520), 500);
    const { state } = await start();
    expect(await state()).toBe('incomplete');
    world.relay.queries.length = 0;
    await world.clock.advance(50 * 60_000);
    expect(world.relay.queries.filter(({ kinds, limit }) => kinds?.includes(1059) && limit === 500)).toEqual(
      [],
    );
    world.relay.stored.splice(0, 400);
    await world.clock.advance(20 * 60_000);
    expect(await state()).toBe('complete');
  });

  test('does not hide a gift wrap on a relay that sends more if asked for more', async () => {
    const { start } = await flooded(junkOf(createTestMesh(URL), 1059, 520), 5_000);
    const { state } = await start();
    expect(await state()).toBe('complete');
  });
});

describe('a flood of junk', () => {
  const TWO = 'wss://two.test';
  const bounds = { seenIds: 20, ignoredIds: 20 };
  const sinceOf = (queries: readonly Filter[]) => queries.find(({ kinds }) => kinds?.includes(4))?.since;

  async function after(
    flood: (
      self: Pubkey,
      n: number,
      peer: ReturnType<ReturnType<typeof createTestMesh>['fakePeer']>,
    ) => NostrEvent,
  ) {
    const world = createTestMesh(URL, TWO);
    const agent = await world.start({ bounds });
    const startSec = Math.floor(world.clock.now() / 1000);
    const mallory = world.fakePeer('mallory');
    for (let n = 0; n < 60; n++) {
      world.relay.push(flood(agent.pubkey, n, mallory));
      await world.clock.advance(10_000);
    }
    const { seen, ignored } = agent.store.peek((tables) => ({
      seen: tables.seen.countByRelay(),
      ignored: tables.seen.countIgnored(),
    }));
    const known = seen.reduce((sum, { count }) => sum + count, 0) + ignored;
    for (const relay of world.mesh.relays) relay.queries.length = 0;
    await world.start({ bounds, disk: await agent.crash() });
    await settle(world.clock);
    const lookBackDays = world.mesh.relays.map(
      ({ queries }) => (startSec - (sinceOf(queries) ?? 0)) / 86_400,
    );
    return { known, lookBackDays };
  }

  test.each<[string, Parameters<typeof after>[0]]>([
    [
      'that nobody can decrypt',
      (self, n, peer) => peer.sign({ kind: 1059, tags: [['p', self]], content: `junk ${n}` }),
    ],
    [
      'of receipts for messages we never sent',
      (self, n, peer) => peer.dm(self, { type: 'read', msgId: `${n}` }),
    ],
    ['of pings', (self, _, peer) => peer.dm(self, { type: 'ping' })],
  ])('%s shortens the look-back on no relay, and is remembered within bounds', async (_, flood) => {
    const { known, lookBackDays } = await after(flood);
    for (const days of lookBackDays) expect(days).toBeGreaterThan(6.9);
    // Ids of the last minute come on top.
    expect(known).toBeLessThanOrEqual(bounds.ignoredIds + 10);
    expect(known).toBeGreaterThan(10);
  });

  test('of stored messages shortens the look-back on the relay that sent them, and on no other', async () => {
    const { lookBackDays } = await after((self, n, peer) => peer.dm(self, `m${n}`));
    expect(lookBackDays[0]).toBeLessThan(1);
    expect(lookBackDays[1]).toBeGreaterThan(6.9);
  });
});

describe('the live subscription', () => {
  test.each([
    ['kind 4', 4, 7],
    ['a gift wrap', 1059, 9],
  ])('brings no message older than a sender would retry: %s', async (_, kind, days) => {
    const world = createTestMesh(URL);
    const agent = await world.start();
    const [bob, eve] = [world.fakePeer('bob'), world.fakePeer('eve')];
    await world.clock.advance(60_000);
    const at = (daysAgo: number): number => Math.floor(world.clock.now() / 1000) - daysAgo * DAY_SEC;
    const make = (peer: typeof bob, content: string, created_at: number): NostrEvent =>
      kind === 4
        ? peer.dm(agent.pubkey, content, { created_at })
        : peer.wrap(agent.pubkey, content, { created_at });
    for (const old of [days + 0.1, 30, 3 * 365]) world.relay.push(make(eve, `old ${old}`, at(old)));
    world.relay.push(make(bob, 'late', at(days - 0.1)));
    await world.clock.advance(60_000);
    expect((await agent.inbox()).map(({ content }) => content)).toEqual(['late']);
    expect((await agent.refused())['too_old']).toBe(3);
    expect(await agent.peers()).toMatchObject([{ pubkey: bob.pubkey }]);
  });

  test('is not needed to catch up: a relay may send no EOSE for it', async () => {
    const { world, agent, bob, nowSec } = await away();
    world.relay.carriesDms = false;
    world.relay.keep(bob.dm(agent.pubkey, 'missed', { created_at: nowSec() - 100 }));
    const again = await world.start({ disk: agent.disk });
    await world.clock.advance(20_000);
    expect((await again.inbox()).map(({ content }) => content)).toEqual(['missed']);
  });

  test('asks for one stored message: relays disagree on what none means', async () => {
    const { world, agent, bob, nowSec } = await away();
    const old = bob.dm(agent.pubkey, 'years ago', { created_at: nowSec() - 3 * 365 * DAY_SEC });
    world.relay.keep(old);
    const again = await world.start({ disk: agent.disk });
    await world.clock.advance(60_000);
    expect(await again.inbox()).toEqual([]);
    expect(await again.peers()).toEqual([]);
  });
});

describe('a relay that forgets our subscription', () => {
  const STEP_MS = 400_000;

  async function forgetful() {
    const world = createTestMesh(URL, 'wss://two.test');
    const agent = await world.start({ config: { relays: [URL] } });
    await world.clock.advance(60_000);
    const bob = world.fakePeer('bob');
    const missed = async () => (await agent.listRelays({})).map((relay) => relay.missed_live);
    return { world, agent, bob, missed };
  }

  test.each([
    ['kind 4', 0],
    ['a gift wrap', 1.9],
  ])('delivers messages minutes late, and they are counted: %s', async (_, daysBack) => {
    const { world, agent, bob, missed } = await forgetful();
    for (const content of ['a', 'b', 'c']) {
      const created_at = Math.floor(world.clock.now() / 1000) - Math.floor(daysBack * DAY_SEC);
      world.relay.keep(
        daysBack ? bob.wrap(agent.pubkey, content, { created_at }) : bob.dm(agent.pubkey, content),
      );
      await world.clock.advance(STEP_MS);
    }
    expect((await agent.inbox()).map(({ content }) => content)).toEqual(['a', 'b', 'c']);
    expect(await missed()).toEqual([3]);
  });

  test('counts as one that does not forward, with time and reason, until it sends a message live again', async () => {
    const { world, agent, bob } = await forgetful();
    const forwards = async () => (await agent.listRelays({})).map((relay) => relay.forwards)[0];
    expect(await forwards()).toMatchObject({ answer: 'yes', reason: null });
    world.relay.keep(bob.dm(agent.pubkey, 'a'), bob.dm(agent.pubkey, 'b'));
    await world.clock.advance(STEP_MS);
    const found = await forwards();
    expect(found).toMatchObject({ answer: 'no', reason: expect.stringContaining('2 messages') });
    expect(Date.parse(found?.at ?? '')).toBeGreaterThan(world.clock.now() - STEP_MS);
    expect(await agent.getMetrics({})).toContain('ocmesh_relays_forward_messages{answer="no"} 1');
    const live = bob.dm(agent.pubkey, 'c');
    world.relay.keep(live);
    world.relay.push(live);
    await settle(world.clock);
    expect(await forwards()).toMatchObject({ answer: 'yes', reason: null });
  });

  test('is not taken for one that forwards because it sends stored messages late', async () => {
    const { world, agent, bob } = await forgetful();
    world.relay.keep(bob.dm(agent.pubkey, 'a'));
    await world.clock.advance(STEP_MS);
    agent.network.disconnect();
    world.relay.forwards = false;
    agent.network.connect();
    await settle(world.clock);
    world.relay.push(bob.dm(agent.pubkey, 'a stored one, behind EOSE'));
    await settle(world.clock);
    expect((await agent.listRelays({}))[0]?.forwards.answer).toBe('no');
  });

  test('is not suspected for messages that came live, or that it had before', async () => {
    const { world, agent, bob, missed } = await forgetful();
    for (const content of ['a', 'b', 'c']) {
      const event = bob.dm(agent.pubkey, content);
      world.relay.keep(event);
      world.relay.push(event);
      await world.clock.advance(STEP_MS);
    }
    agent.network.disconnect();
    world.relay.keep(bob.dm(agent.pubkey, 'while away'));
    await world.clock.advance(30_000);
    agent.network.connect();
    await world.clock.advance(STEP_MS);
    expect(await agent.inbox()).toHaveLength(4);
    expect(await missed()).toEqual([0]);
  });

  test('is found out although another relay brings the messages', async () => {
    const world = createTestMesh(URL, 'wss://two.test');
    const agent = await world.start();
    await world.clock.advance(60_000);
    const event = world.fakePeer('bob').dm(agent.pubkey, 'x');
    world.relay.keep(event);
    world.mesh.relay('wss://two.test').keep(event);
    await world.clock.advance(STEP_MS);
    expect((await agent.listRelays({})).map((relay) => relay.missed_live)).toEqual([1, 1]);
    expect(await agent.inbox()).toHaveLength(1);
  });

  describe('with a mailbox that is expensive to look into', () => {
    async function full(urls: readonly string[], chars = 500) {
      const world = createTestMesh(...urls);
      const eve = world.fakePeer('eve');
      const agent = await world.start();
      const nowSec = (): number => Math.floor(world.clock.now() / 1000);
      for (let n = 0; n < catchUpLimits.liveCheckEvents; n++)
        for (const relay of world.mesh.relays)
          relay.keep(eve.wrap(agent.pubkey, 'x'.repeat(chars), { created_at: nowSec() - n * 600 }));
      await world.clock.advance(60_000);
      return { world, agent, bob: world.fakePeer('bob'), nowSec };
    }
    const checks = ({ queries }: { readonly queries: readonly Filter[] }): number =>
      queries.filter(({ kinds, limit }) => kinds?.[0] === 1059 && limit === catchUpLimits.liveCheckEvents)
        .length;

    test('it looks less often', async () => {
      const { world } = await full([URL]);
      world.relay.queries.length = 0;
      await world.clock.advance(DAY);
      const bytes =
        checks(world.relay) *
        JSON.stringify(world.relay.stored.slice(0, catchUpLimits.liveCheckEvents)).length;
      expect(checks(world.relay)).toBeGreaterThan(10);
      expect(bytes).toBeLessThan(10e6);
    });

    test('it looks once an hour, however large the messages are', async () => {
      const { world } = await full([URL], 30_000);
      world.relay.queries.length = 0;
      await world.clock.advance(DAY);
      expect(checks(world.relay)).toBeGreaterThan(20);
      expect(checks(world.relay)).toBeLessThan(26);
    });

    test('what another relay brought is asked for by its id', async () => {
      const { world, agent, bob } = await full([URL, 'wss://two.test', 'wss://three.test']);
      const event = bob.wrap(agent.pubkey, 'hello');
      // The third has not got it.
      for (const relay of world.mesh.relays.slice(0, 2)) relay.keep(event);
      for (const relay of world.mesh.relays) relay.queries.length = 0;
      world.mesh.relay('wss://two.test').push(event);
      await world.clock.advance(70_000);
      expect((await agent.listRelays({})).map((relay) => relay.missed_live)).toEqual([1, 0, 0]);
      expect((await agent.inbox()).filter(({ content }) => content === 'hello')).toHaveLength(1);
      const asked = world.mesh.relays.map(({ queries }) => queries.filter(({ ids }) => ids).length);
      expect(asked).toEqual([1, 0, 1]);
    });
  });
});
