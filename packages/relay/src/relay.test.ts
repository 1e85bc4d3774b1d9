import { actor } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { openRelay } from '../test/client.ts';
import { startRelay } from './relay.ts';

const [alice, bob] = [actor('alice'), actor('bob')];
const contents = (result: { events: { content: string }[] }): string[] =>
  result.events.map((event) => event.content);

describe('stored and live events (NIP-01)', () => {
  test('sends stored events, newest first, then EOSE, then live events', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    for (const [content, age] of [
      ['old', 20],
      ['new', 0],
      ['middle', 10],
    ] as const) {
      await client.publish(relay.sign(alice, { content, created_at: relay.nowSec() - age }));
    }
    expect(contents(await client.ask('s', { kinds: [1] }))).toEqual(['new', 'middle', 'old']);
    const other = await relay.connect();
    const live = relay.sign(bob, { content: 'live' });
    expect(await other.publish(live)).toEqual({ ok: true, reason: '' });
    expect(await client.news('s')).toEqual(live);
  });

  test('since and until are inclusive, limit drops the oldest, limit 0 is for live events only', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const now = relay.nowSec();
    for (const age of [0, 1, 2, 3])
      await client.publish(relay.sign(alice, { content: `${age}`, created_at: now - age }));
    expect(contents(await client.ask('a', { since: now - 2, until: now - 1 }))).toEqual(['1', '2']);
    expect(contents(await client.ask('b', { limit: 2 }))).toEqual(['0', '1']);
    expect(contents(await client.ask('c', { limit: 0 }))).toEqual([]);
    await client.publish(relay.sign(bob, { content: 'news' }));
    expect((await client.news('c')).content).toBe('news');
  });

  test('EOSE says whether these were all stored events (NIP-67)', async () => {
    const relay = await openRelay({ limits: { queryEvents: 3 } });
    const client = await relay.connect();
    for (const [content, age] of Object.entries([0, 1, 2, 3]))
      await client.publish(relay.sign(alice, { content, created_at: relay.nowSec() - age }));
    const hints = async (...filters: object[]) => (await client.ask('s', ...filters)).hints;
    expect(await hints({})).toEqual(['more']);
    expect(await hints({ limit: 2 })).toEqual(['more']);
    expect(await hints({ until: relay.nowSec() - 1 })).toEqual(['finish']);
    expect(await hints({ since: relay.nowSec() }, { limit: 3 })).toEqual(['more']);
    expect(await hints({ kinds: [7] })).toEqual(['finish']);
    // A message that this client may not read does not count.
    await client.publish(relay.sign(alice, { kind: 4, tags: [['p', bob.pubkey]] }));
    expect(await hints({ since: relay.nowSec(), limit: 1 })).toEqual(['finish']);
    expect(await hints({ limit: 0 })).toBeUndefined();
  });

  test('COUNT says how many events match, without those that the client may not read (NIP-45)', async () => {
    const relay = await openRelay({ limits: { queryEvents: 2 } });
    const client = await relay.connect();
    for (const age of [0, 1, 2])
      await client.publish(relay.sign(alice, { content: `${age}`, created_at: relay.nowSec() - age }));
    await client.publish(relay.sign(alice, { kind: 4, tags: [['p', bob.pubkey]] }));
    const count = async (...filters: object[]) => {
      client.send('COUNT', 'c', ...filters);
      return (await client.next(([type, id]) => id === 'c' && (type === 'COUNT' || type === 'CLOSED'))).slice(
        2,
      );
    };
    expect(await count({ kinds: [1] })).toEqual([{ count: 3 }]);
    expect(await count({ since: relay.nowSec() - 1 }, { limit: 1 })).toEqual([{ count: 3 }]);
    expect(await count({ kinds: [7] })).toEqual([{ count: 0 }]);
    expect(await count({ kinds: [4] })).toEqual([expect.stringMatching(/^auth-required/)]);
    expect(await count({ '#app': ['x'] })).toEqual([expect.stringMatching(/^invalid/)]);
  });

  test('an ephemeral gift wrap reaches its recipient only, and is not kept', async () => {
    const relay = await openRelay();
    const [writer, recipient, other] = await Promise.all([relay.connect(), relay.connect(), relay.connect()]);
    await recipient.authenticate(bob);
    await other.authenticate(alice);
    for (const client of [recipient, other]) await client.ask('s', { kinds: [21059, 1] });
    const wrap = relay.sign(actor('single use'), { kind: 21059, tags: [['p', bob.pubkey]] });
    expect(await writer.publish(wrap)).toMatchObject({ ok: true });
    expect(await recipient.news('s')).toEqual(wrap);
    await writer.publish(relay.sign(actor('carol'), { content: 'public' }));
    expect(await other.news('s')).toMatchObject({ content: 'public' });
    expect((await recipient.ask('again', { kinds: [21059] })).events).toEqual([]);
  });

  test('an event that matches two filters is sent once', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    await client.publish(relay.sign(alice, { content: 'one' }));
    expect(contents(await client.ask('s', { kinds: [1] }, { authors: [alice.pubkey] }))).toEqual(['one']);
    await client.publish(relay.sign(alice, { content: 'two' }));
    expect((await client.news('s')).content).toBe('two');
    await client.ask('barrier', { limit: 0 });
    expect(client.unread).toEqual([]);
  });

  test('live events go only to subscriptions with matching tags', async () => {
    const relay = await openRelay();
    const [mine, other] = [await relay.connect(), await relay.connect()];
    await mine.ask('s', { '#t': ['ocmesh'] });
    await other.ask('s', { '#t': ['weather'] });
    await mine.publish(relay.sign(alice, { tags: [['t', 'ocmesh']] }));
    expect((await mine.news('s')).tags).toEqual([['t', 'ocmesh']]);
    await other.ask('barrier', { limit: 0 });
    expect(other.unread).toEqual([]);
  });

  test('CLOSE ends a subscription, and a new REQ with the same id replaces it', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    await client.ask('ends', { kinds: [1] });
    await client.ask('changes', { kinds: [1] });
    client.send('CLOSE', 'ends');
    await client.ask('changes', { kinds: [7] });
    await client.publish(relay.sign(alice, { kind: 1 }));
    await client.publish(relay.sign(alice, { kind: 7 }));
    expect((await client.news('changes')).kind).toBe(7);
    expect(client.unread).toEqual([]);
    expect(relay.stats().subscriptions).toBe(1);
  });

  test('a known event is a duplicate, and subscribers get it once', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const event = relay.sign(alice);
    await client.ask('s', { kinds: [1] });
    await client.publish(event);
    await client.news('s');
    expect(await client.publish(event)).toMatchObject({
      ok: true,
      reason: expect.stringMatching(/^duplicate:/),
    });
    expect(client.unread).toEqual([]);
  });
});

describe('replaceable and ephemeral events (NIP-01)', () => {
  test.each([
    ['replaceable', 10_002, []],
    ['addressable', 31_337, [['d', 'ocmesh-presence']]],
  ])('a newer %s event replaces the older one, whichever comes first', async (_, kind, tags) => {
    const relay = await openRelay();
    const client = await relay.connect();
    const version = (content: string, age: number) =>
      relay.sign(alice, { kind, tags, content, created_at: relay.nowSec() - age });
    await client.publish(version('first', 20));
    await client.publish(version('second', 10));
    expect(await client.publish(version('late', 15))).toMatchObject({
      ok: true,
      reason: expect.stringMatching(/^duplicate:/),
    });
    await client.publish(relay.sign(bob, { kind, tags, content: 'other author' }));
    expect(contents(await client.ask('s', { kinds: [kind] }))).toEqual(['other author', 'second']);
  });

  test('in the same second the lowest id wins', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const versions = ['a', 'b', 'c', 'd'].map((content) => relay.sign(alice, { kind: 0, content }));
    for (const version of versions) await client.publish(version);
    const lowest = versions.map((version) => version.id).sort()[0];
    expect((await client.ask('s', { kinds: [0] })).events.map((event) => event.id)).toEqual([lowest]);
  });

  test('addresses with different d tags are independent', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    for (const d of ['x', 'y'])
      await client.publish(relay.sign(alice, { kind: 30_000, tags: [['d', d]], content: d }));
    expect(contents(await client.ask('s', { '#d': ['y'] }))).toEqual(['y']);
  });

  test('ephemeral events are passed on and not kept', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    await client.ask('s', { kinds: [20_001] });
    await client.publish(relay.sign(alice, { kind: 20_001, content: 'now' }));
    expect((await client.news('s')).content).toBe('now');
    expect(contents(await client.ask('t', { kinds: [20_001] }))).toEqual([]);
  });
});

describe('deletion (NIP-09)', () => {
  test('an author deletes by id and by address; the deleted event does not come back', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const note = relay.sign(alice, { content: 'note' });
    const presence = relay.sign(alice, { kind: 31_337, tags: [['d', 'x']], content: 'presence' });
    await client.publish(note);
    await client.publish(presence);
    const request = relay.sign(alice, {
      kind: 5,
      tags: [
        ['e', note.id],
        ['a', `31337:${alice.pubkey}:x`],
      ],
    });
    await client.publish(request);
    expect((await client.ask('s', {})).events).toEqual([request]);
    expect(await client.publish(note)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^blocked:/),
    });
    expect(await client.publish(presence)).toMatchObject({ ok: false });
    const later = relay.sign(alice, { ...presence, tags: [['d', 'x']], created_at: relay.nowSec() + 1 });
    expect(await client.publish(later)).toMatchObject({ ok: true });
  });

  test('nobody can delete an event of another author, not even before it comes', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    const [stored, coming] = [relay.sign(alice, { content: 'a' }), relay.sign(alice, { content: 'b' })];
    await client.publish(stored);
    const tags = [
      ['e', stored.id],
      ['e', coming.id],
      ['a', `31337:${alice.pubkey}:x`],
    ];
    await client.publish(relay.sign(bob, { kind: 5, tags }));
    expect(await client.publish(coming)).toMatchObject({ ok: true });
    expect((await client.ask('s', { authors: [alice.pubkey] })).events).toHaveLength(2);
  });
});

describe('expiry (NIP-40)', () => {
  test('refuses expired events, hides them from the second they expire, and deletes them', async () => {
    const relay = await openRelay({ limits: { sweepMs: 3_600_000 } });
    const client = await relay.connect();
    const expiring = (inSec: number) =>
      relay.sign(alice, { tags: [['expiration', `${relay.nowSec() + inSec}`]] });
    expect(await client.publish(expiring(0))).toMatchObject({
      ok: false,
      reason: 'invalid: event is expired',
    });
    await client.publish(expiring(10));
    await relay.clock.advance(9_999);
    expect((await client.ask('a', { kinds: [1] })).events).toHaveLength(1);
    await relay.clock.advance(1);
    expect((await client.ask('b', { kinds: [1] })).events).toHaveLength(0);
    expect(relay.stats().storedEvents).toBe(1);
    await relay.clock.advance(3_600_000);
    expect(relay.stats()).toMatchObject({ storedEvents: 0, storedBytes: 0 });
  });
});

describe('start and stop', () => {
  test('close frees the port, disconnects all clients, leaves no timer, and may be called twice', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    await Promise.all([relay.close(), relay.close()]);
    await client.closed();
    expect(relay.clock.pending()).toBe(0);
    const again = await openRelay({ port: relay.port });
    expect(again.port).toBe(relay.port);
  });

  test('close does not wait for a client that only opened a connection', async () => {
    const relay = await openRelay();
    const { connect } = await import('node:net');
    const idle = connect(relay.port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => idle.once('connect', resolve));
    idle.write('GET / HTTP/1.1\r\n');
    await relay.close();
  });

  test('dropped clients may reconnect', async () => {
    const relay = await openRelay();
    const client = await relay.connect();
    relay.dropConnections();
    await client.closed();
    expect(await (await relay.connect()).publish(relay.sign(alice))).toMatchObject({ ok: true });
  });

  test('rejects if the port is taken or an option is wrong', async () => {
    const { clock, log, port } = await openRelay();
    const deps = { clock, log, random: { bytes: (count: number) => new Uint8Array(count), unit: () => 0 } };
    await expect(startRelay({ ...deps, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(startRelay({ ...deps, serviceUrl: 'https://relay.example' })).rejects.toThrow('serviceUrl');
    await expect(startRelay({ ...deps, allowedPubkeys: ['npub1x'] })).rejects.toThrow('allowedPubkeys');
  });
});
