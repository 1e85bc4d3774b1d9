import { hourMs } from '@ocmesh/shared/ambient';
import type { Filter } from '@ocmesh/shared/wire';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import { rawDm } from '../../../test/support/open-network.ts';
import type { RelayInfo } from '../../core/ports/relay-network.ts';
import { createAuthRateLimit } from './auth-rate-limit.ts';
import { nostrLimits } from './limits.ts';
import { createProtocol } from './protocol.ts';
import { noResult } from './queries.ts';

const MINUTE_MS = 60_000;
/** Runs everything that is due without time passing. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Sent = readonly [type: string, first: never, ...rest: unknown[]];

/** The protocol on connections to a relay that the test plays by hand. The first connection is open. */
function open(
  options: {
    limitation?: Record<string, unknown>;
    permanent?: readonly string[];
    isOwn?: boolean;
    filters?: () => Filter[];
  } = {},
) {
  const clock = createFakeClock();
  const fakePeer = createFakePeer('alice', clock);
  const authRateLimit = createAuthRateLimit(clock);
  const state = { info: options.limitation ? knows(options.limitation) : null };
  const filters = options.filters ?? ((): Filter[] => [{ kinds: [4], limit: 0 }]);

  function connect() {
    const sent: Sent[] = [];
    const heard: string[] = [];
    const gaveUp: string[] = [];
    const notices: string[] = [];
    const protocol = createProtocol({
      url: 'wss://relay.test',
      clock,
      log: createRecordingLog(),
      sign: fakePeer.sign,
      authRateLimit,
      permanent: (options.permanent ?? ['dm']).map((name) => ({ name, filters })),
      info: () => state.info,
      send: (frame) => sent.push(JSON.parse(frame)) > 0,
      giveUp: (reason) => gaveUp.push(reason),
      isOwn: options.isOwn ?? false,
      onEvent: () => heard.push('event'),
      onLate: () => heard.push('late event'),
      onAuthenticated: () => heard.push('authenticated'),
      onUnreadable: (reason) => heard.push(reason),
      onSubscribed: (name) => heard.push(`subscribed ${name}`),
      onNotice: () => notices.push('notice'),
      onRefused: (reason) => heard.push(`refused ${reason}`),
      onRoundTrip: () => heard.push('round trip'),
      onOffence: (offence) => heard.push(offence),
    });
    protocol.open();
    const say = (...frame: readonly unknown[]): void => {
      const text = JSON.stringify(frame);
      protocol.onText(text, text.length);
    };
    const ofType = (type: string): Sent[] => sent.filter((frame) => frame[0] === type);
    const count = (what: string): number => heard.filter((each) => each === what).length;
    return { protocol, sent, heard, gaveUp, notices, say, ofType, count };
  }

  return { ...connect(), connect, clock, fakePeer, state };
}

const knows = (limitation: Record<string, unknown>): RelayInfo => ({ supportedNips: [], limitation });
const idOf = (frame: Sent | undefined): string =>
  (frame?.[1] as unknown as { id: string } | undefined)?.id ?? '';

test('a NOTICE is passed on', () => {
  const { say, notices } = open();
  say('NOTICE', 'ERROR: too many notes');
  expect(notices).toHaveLength(1);
});

describe('a permanent refusal', () => {
  test('is tried again after six hours with a new AUTH, and may be over by then', async () => {
    const { clock, protocol, say, ofType, count } = open();
    say('AUTH', 'the same');
    say('CLOSED', 'dm', 'auth-required: x');
    await settle();
    say('OK', idOf(ofType('AUTH')[0]), false, 'restricted: not yet');
    await settle();
    expect(protocol.refused()).toEqual({ state: 'auth_failed', forMs: 0 });
    await clock.advance(6 * hourMs - 1);
    expect(ofType('REQ')).toHaveLength(1);
    await clock.advance(1);
    expect(ofType('REQ')).toHaveLength(2);
    expect(protocol.refused()).toEqual({ state: 'auth_failed', forMs: 6 * hourMs });
    say('CLOSED', 'dm', 'auth-required: x');
    await settle();
    expect(ofType('AUTH')).toHaveLength(2);
    say('OK', idOf(ofType('AUTH')[1]), true, '');
    await settle();
    expect(ofType('REQ')).toHaveLength(3);
    say('EOSE', 'dm');
    expect([protocol.refused(), protocol.carriesDms()]).toEqual([null, true]);
    expect(count('subscribed dm')).toBe(1);
  });

  test.each([
    ['rate-limited: slow', MINUTE_MS],
    ['error: x', 5 * MINUTE_MS],
  ])('is not %j, which is tried again after %i ms', async (reason, ms) => {
    const { clock, protocol, say, ofType } = open();
    say('CLOSED', 'dm', reason);
    await settle();
    expect(protocol.refused()).toBeNull();
    await clock.advance(ms - 1);
    expect(ofType('REQ')).toHaveLength(1);
    await clock.advance(1);
    expect(ofType('REQ')).toHaveLength(2);
  });

  test('ends when a temporary one replaces it', async () => {
    const { clock, protocol, say } = open();
    say('CLOSED', 'dm', 'restricted: x');
    await settle();
    expect(protocol.refused()?.state).toBe('restricted');
    await clock.advance(6 * hourMs);
    say('CLOSED', 'dm', 'error: down for the moment');
    await settle();
    expect(protocol.refused()).toBeNull();
  });
});

describe('challenges', () => {
  test('that nothing needs are not signed', () => {
    const { say, ofType } = open();
    for (let i = 0; i < 10_000; i++) say('AUTH', `c${i}`);
    expect(ofType('AUTH')).toEqual([]);
  });

  test('by the thousand are signed six times a minute, always the last one', async () => {
    const { clock, say, ofType } = open();
    say('CLOSED', 'dm', 'auth-required: x');
    await settle();
    for (let minute = 0; minute < 3; minute++) {
      for (let i = 0; i < 1_000; i++) {
        say('AUTH', `${minute}-${i}`);
        if (i % 50 === 0) await settle();
        const last = ofType('AUTH').at(-1);
        if (last && i % 50 === 0) say('OK', idOf(last), false, 'invalid: too late');
      }
      await settle();
      expect(ofType('AUTH')).toHaveLength(nostrLimits.authsPerMinute * (minute + 1));
      await clock.advance(MINUTE_MS);
    }
    expect(ofType('AUTH').at(-1)).toMatchObject([
      'AUTH',
      { tags: expect.arrayContaining([['challenge', '2-999']]) },
    ]);
  });

  test("are signed at once if the relay's document requires it", async () => {
    const { say, ofType } = open({ limitation: { auth_required: true } });
    for (let i = 0; i < 10; i++) say('AUTH', `c${i}`);
    await settle();
    expect(ofType('AUTH')).toHaveLength(1);
  });

  test('are signed when the document comes after them', async () => {
    const { say, ofType, state, protocol } = open();
    say('AUTH', 'c');
    expect(ofType('AUTH')).toEqual([]);
    state.info = knows({ auth_required: true });
    protocol.onInfo();
    await settle();
    expect(ofType('AUTH')).toHaveLength(1);
  });

  test('are limited across connections; closing one ends its wait for a signature', async () => {
    const { clock, connect, protocol } = open();
    protocol.close();
    let current = connect();
    let signed = 0;
    for (let i = 0; i <= nostrLimits.authsPerMinute; i++) {
      current.protocol.close();
      signed += current.ofType('AUTH').length;
      current = connect();
      current.say('AUTH', `c${i}`);
      current.say('CLOSED', 'dm', 'auth-required: x');
      await settle();
    }
    expect([signed, current.ofType('AUTH').length]).toEqual([nostrLimits.authsPerMinute, 0]);
    expect(clock.pending()).toBe(1);
    current.protocol.close();
    await settle();
    expect([clock.pending(), current.ofType('AUTH').length]).toEqual([0, 0]);
  });
});

describe('a connection that was closed', () => {
  /** A connection with an AUTH that two subscriptions wait for, a write, an open and a waiting query. */
  async function busy() {
    const opened = open({ permanent: ['presence', 'dm'], limitation: { max_subscriptions: 3 } });
    const { say, protocol, fakePeer } = opened;
    say('AUTH', 'c');
    say('CLOSED', 'dm', 'auth-required: x');
    say('CLOSED', 'presence', 'restricted: x');
    const queries = [protocol.query([{ kinds: [4] }]), protocol.query([{ kinds: [4] }])];
    const write = protocol.publish(fakePeer.sign({}));
    await settle();
    expect([opened.ofType('AUTH').length, opened.ofType('REQ').length]).toEqual([1, 3]);
    return { ...opened, queries, write };
  }

  test('leaves no timer, and ends what was under way', async () => {
    const { clock, protocol, queries, write } = await busy();
    expect(clock.pending()).toBeGreaterThan(0);
    protocol.close();
    expect(clock.pending()).toBe(0);
    expect(await write).toEqual({ outcome: 'not_connected', reason: null, prefix: null });
    expect(await Promise.all(queries)).toEqual([noResult, noResult]);
    await settle();
    expect(clock.pending()).toBe(0);
  });

  test.each<[string, (authId: string, writeId: string) => readonly unknown[] | null]>([
    ['while AUTH is under way', () => null],
    ['right after AUTH was accepted', (id) => ['OK', id, true, '']],
    ['right after AUTH was refused', (id) => ['OK', id, false, 'restricted: no']],
    ['right after a write was accepted', (_, id) => ['OK', id, true, '']],
    ['right after a challenge', () => ['AUTH', 'another']],
    ['right after a query was refused', () => ['CLOSED', 'q1', 'auth-required: x']],
  ])('%s sends and reports nothing more, and does not affect the next one', async (_, last) => {
    const { clock, connect, ofType, protocol, say, sent, heard, gaveUp } = await busy();
    const frame = last(idOf(ofType('AUTH')[0]), idOf(ofType('EVENT')[0]));
    if (frame) say(...frame);
    protocol.close();
    const before = [sent.length, heard.length];
    const next = connect();
    for (const name of ['presence', 'dm']) next.say('EOSE', name);
    await settle();
    say('AUTH', 'too late');
    say('EVENT', 'dm', rawDm('too late'));
    say('garbage');
    await clock.advance(nostrLimits.backoff.refusedHours * hourMs);
    expect([sent.length, heard.length, gaveUp]).toEqual([...before, []]);
    expect([next.protocol.refused(), next.protocol.auth().outcome]).toEqual([null, 'none']);
    expect([next.protocol.carriesDms(), next.ofType('AUTH'), next.gaveUp]).toEqual([true, [], []]);
  });

  test('does not affect a write of the same event on the next one', async () => {
    const { connect, fakePeer, protocol, say } = open();
    const event = fakePeer.sign({});
    const first = protocol.publish(event);
    protocol.close();
    const next = connect();
    const second = next.protocol.publish(event);
    say('OK', event.id, false, 'blocked: too late');
    next.say('OK', event.id, true, '');
    expect([await first, await second]).toMatchObject([
      { outcome: 'not_connected' },
      { outcome: 'accepted' },
    ]);
    expect(next.count('round trip')).toBe(1);
    next.protocol.close();
  });

  test('accepts no write and no query', async () => {
    const { clock, fakePeer, protocol, sent } = open();
    protocol.close();
    const before = sent.length;
    expect(await protocol.publish(fakePeer.sign({}))).toMatchObject({ outcome: 'not_connected' });
    expect(await protocol.query([{}])).toMatchObject({ complete: false, events: [], tooLarge: false });
    expect([sent.length - before, clock.pending()]).toEqual([0, 0]);
  });
});

describe('a NOTICE instead of CLOSED', () => {
  test('counts as a refusal of a REQ that gets no other response, and is tried again later', async () => {
    const { clock, say, gaveUp, heard, ofType } = open();
    say('NOTICE', 'too many subscriptions');
    await clock.advance(15_000);
    expect(heard).toEqual(['refused too many subscriptions']);
    expect(gaveUp).toEqual([]);
    await clock.advance(5 * MINUTE_MS);
    expect(ofType('REQ')).toHaveLength(3);
    await clock.advance(35_000);
    expect(gaveUp).toEqual(['no response to a subscription']);
  });

  test('that asks for AUTH gets it at once', async () => {
    const { say, ofType, protocol } = open();
    say('AUTH', 'c');
    say('NOTICE', 'restricted: we do not serve DMs to strangers');
    await settle();
    say('OK', idOf(ofType('AUTH')[0]), true, '');
    await settle();
    expect(ofType('REQ')).toHaveLength(2);
    say('EOSE', 'dm');
    expect(protocol.carriesDms()).toBe(true);
  });

  test('is harmless by the thousand, before and after the EOSE', async () => {
    const { say, ofType, heard, clock } = open();
    for (let i = 0; i < 1_000; i++) say('NOTICE', 'restricted: x');
    await settle();
    say('EOSE', 'dm');
    for (let i = 0; i < 1_000; i++) say('NOTICE', 'restricted: x');
    await clock.advance(60_000);
    expect([heard, ofType('REQ').length]).toEqual([['subscribed dm'], 1]);
  });
});

test('without an EOSE no DMs are carried, but the connection stays if events come', async () => {
  const { clock, say, count, gaveUp, protocol } = open();
  say('EVENT', 'dm', rawDm('x'));
  await clock.advance(hourMs);
  expect([protocol.carriesDms(), gaveUp, count('event')]).toEqual([false, [], 1]);
});

test('an EOSE that comes a thousand times counts once', () => {
  const { say, heard } = open();
  for (let i = 0; i < 1_000; i++) say('EOSE', 'dm');
  expect(heard).toEqual(['subscribed dm']);
});

describe('queries', () => {
  /** Returns the result of a query with this many events. */
  const filled = async (each: number, count: number) => {
    const { say, protocol } = open();
    const result = protocol.query([{ kinds: [4] }]);
    for (let i = 0; i < count; i++) say('EVENT', 'q1', rawDm('x'.repeat(each)));
    say('EOSE', 'q1');
    return result;
  };

  test('with 5000 events are complete, with one more too large', async () => {
    expect(await filled(1, 5_000)).toMatchObject({ complete: true, tooLarge: false });
    const { complete, tooLarge, events } = await filled(1, 5_001);
    expect([complete, tooLarge, events.length]).toEqual([false, true, 5_000]);
  });

  test('end when their frames exceed the bytes of a query', async () => {
    const { complete, tooLarge, events } = await filled(200_000, 100);
    expect([complete, tooLarge]).toEqual([false, true]);
    expect(events.length).toBe(
      Math.floor(nostrLimits.query.bytes / (JSON.stringify(rawDm('')).length + 200_016)),
    );
  });

  test('keep the fields of an event and nothing else in the frame', async () => {
    const { say, protocol, count } = open();
    const result = protocol.query([{ kinds: [4] }]);
    say('EVENT', 'q1', { ...rawDm('kept'), more: [[], [], []] });
    say('EVENT', 'q1', rawDm('x', { tags: Array.from({ length: 101 }, () => []) }));
    say('EVENT', 'q1', { kind: 4 });
    // Somebody signed these, and an honest relay may take them.
    for (const odd of [{ created_at: 2 ** 60 }, { created_at: 1.5 }, { tags: [['x', 5]] }, { content: null }])
      say('EVENT', 'q1', { ...rawDm('odd'), ...odd });
    say('EOSE', 'q1');
    expect(await result).toMatchObject({ complete: true, events: [rawDm('kept')], tooLarge: false, rows: 7 });
    expect([count('garbage_frame'), count('malformed'), count('too_large')]).toEqual([1, 4, 1]);
  });

  test('accept only matching events', async () => {
    const { say, protocol, count } = open();
    const result = protocol.query([{ kinds: [4], '#p': ['me'] }, { ids: ['ab'.repeat(32)] }]);
    say('EVENT', 'q1', rawDm('by id'));
    say('EVENT', 'q1', rawDm('by tag', { id: '12'.repeat(32), tags: [['p', 'me']] }));
    say('EVENT', 'q1', rawDm('of another', { id: '12'.repeat(32), tags: [['p', 'you']] }));
    say('EOSE', 'q1');
    expect((await result).events.map((event) => (event as { content: string }).content)).toEqual([
      'by id',
      'by tag',
    ]);
    expect(count('unasked')).toBe(1);
  });

  test('that get no response end, and the connection stays', async () => {
    const { clock, say, protocol, gaveUp, ofType } = open();
    say('EOSE', 'dm');
    const result = protocol.query([{ kinds: [4] }]);
    await clock.advance(30_000);
    expect(await result).toMatchObject({ complete: false, events: [], tooLarge: false });
    expect([gaveUp, ofType('CLOSE')]).toEqual([[], [['CLOSE', 'q1']]]);
  });

  test.each([
    [undefined, 4],
    [4, 2],
    [3, 1],
    [200, 4],
    [0, 4],
    ['many', 4],
  ])('with two subscriptions out of %s allowed, are sent %i at a time', async (allowed, atOnce) => {
    const { clock, say, protocol, ofType } = open({
      permanent: ['presence', 'dm'],
      limitation: { max_subscriptions: allowed },
    });
    const results = Array.from({ length: 10 }, () => protocol.query([{ kinds: [4] }]));
    for (let done = 0; done < 10; done++) {
      expect(ofType('REQ')).toHaveLength(2 + Math.min(10, done + atOnce));
      say('EOSE', `q${done + 1}`);
    }
    expect((await Promise.all(results)).every(({ complete }) => complete)).toBe(true);
    await clock.advance(nostrLimits.query.lingerMs);
    expect(ofType('CLOSE')).toHaveLength(10);
  });

  test('end when they wait too long, or when the connection is lost', async () => {
    const { clock, protocol, ofType } = open({ limitation: { max_subscriptions: 2 } });
    const [first, second] = [protocol.query([{ kinds: [4] }]), protocol.query([{ kinds: [4] }])];
    expect(ofType('REQ')).toHaveLength(2);
    protocol.close();
    expect(await Promise.all([first, second])).toEqual([noResult, noResult]);
    expect([ofType('REQ').length, clock.pending()]).toEqual([2, 0]);
  });

  test('of a slow relay get more time after each that got no response', async () => {
    const { clock, protocol, say } = open();
    say('EOSE', 'dm');
    for (const seconds of [30, 60, 120, 120]) {
      const result = protocol.query([{ kinds: [4] }]);
      await clock.advance(seconds * 1000 - 1);
      expect(clock.pending()).toBeGreaterThan(0);
      await clock.advance(1);
      expect(await result).toEqual(noResult);
    }
    const slow = protocol.query([{ kinds: [4] }]);
    await clock.advance(119_000);
    say('EOSE', 'q5');
    expect(await slow).toMatchObject({ complete: true });
  });

  test('say whether the relay has more, and whether it ignores `until`', async () => {
    const { say, protocol } = open();
    const results = [protocol.query([{ until: 5 }]), protocol.query([{ since: 5 }]), protocol.query([{}])];
    for (const id of ['q1', 'q2', 'q3']) {
      say('EVENT', id, rawDm('x', { created_at: 9 }));
      say('EVENT', id, rawDm('x', { created_at: 1 }));
    }
    say('EOSE', 'q1', 'more');
    say('EOSE', 'q2', 'finish');
    say('EOSE', 'q3', 'maybe');
    expect(await Promise.all(results)).toMatchObject([
      { rows: 2, events: [{ created_at: 1 }], ignoresUntil: true, hint: 'more' },
      { rows: 2, events: [{ created_at: 9 }], ignoresUntil: false, hint: 'finish' },
      { rows: 2, events: [{ created_at: 9 }, { created_at: 1 }], ignoresUntil: false, hint: null },
    ]);
  });

  test('count an event that is too large to be read', async () => {
    const { say, protocol, heard } = open();
    const result = protocol.query([{ kinds: [4] }]);
    for (const head of [
      '[ "EVENT" , "q1", {"content":"xxxxx',
      '["EVENT","dm",{"content":"xxxxx',
      '["NOTICE","xxxxx',
    ])
      protocol.onUnreadable(head, 300_000, 'frame_too_large');
    say('EOSE', 'q1');
    expect(await result).toMatchObject({ complete: true, rows: 1, events: [] });
    expect(heard).toEqual(Array(3).fill('frame_too_large'));
  });
});

describe('events behind the EOSE of a query', () => {
  const late = (id: string) => ['EVENT', id, rawDm(id)] as const;

  test('are taken, until the query is closed a moment later and after that', async () => {
    const { clock, say, protocol, heard, ofType } = open();
    void protocol.query([{ kinds: [4] }]);
    say('EOSE', 'q1');
    say(...late('q1'));
    expect(ofType('CLOSE')).toEqual([]);
    await clock.advance(nostrLimits.query.lingerMs);
    expect(ofType('CLOSE')).toEqual([['CLOSE', 'q1']]);
    say(...late('q1'));
    expect(heard).toEqual(['late event', 'late event']);
  });

  test('are taken from a query that was given up', async () => {
    const { clock, say, protocol, heard } = open();
    say('EOSE', 'dm');
    void protocol.query([{ kinds: [4] }]);
    await clock.advance(nostrLimits.query.ms);
    say(...late('q1'));
    expect(heard).toEqual(['subscribed dm', 'late event']);
  });

  test('are dropped if they match no filter, or were never asked for', async () => {
    const { say, protocol, heard } = open();
    void protocol.query([{ kinds: [3] }]);
    say('EOSE', 'q1');
    say(...late('q1'));
    say(...late('q2'));
    expect(heard).toEqual(['unasked']);
  });

  test('are limited', () => {
    const { say, protocol, count } = open();
    void protocol.query([{ kinds: [4] }]);
    say('EOSE', 'q1');
    for (let n = 0; n < 2 * nostrLimits.query.lateEvents; n++) say(...late('q1'));
    expect(count('late event')).toBe(nostrLimits.query.lateEvents);
  });

  test('do not delay the next query', () => {
    const { say, protocol, ofType } = open({ limitation: { max_subscriptions: 2 } });
    for (let n = 0; n < 3; n++) void protocol.query([{ kinds: [4] }]);
    for (const id of ['q1', 'q2']) say('EOSE', id);
    expect(ofType('REQ')).toHaveLength(4);
    expect(ofType('CLOSE')).toHaveLength(2);
  });
});

describe('a slow relay', () => {
  test('is not asked again while it responds to other things', async () => {
    const { clock, say, ofType, gaveUp, count } = open({ permanent: ['presence', 'dm'] });
    await clock.advance(3_000);
    say('EOSE', 'presence');
    await clock.advance(26_000);
    expect([ofType('REQ').length, gaveUp]).toEqual([2, []]);
    say('EOSE', 'dm');
    expect(count('subscribed dm')).toBe(1);
  });

  test.each([6, 12])(
    'that takes %i s for each response is asked again with more patience',
    async (seconds) => {
      const { clock, say, ofType, gaveUp, protocol } = open();
      // It starts over with each REQ.
      let sent = 0;
      let left = seconds;
      while (!protocol.carriesDms() && clock.monotonic() < 60_000) {
        await clock.advance(1_000);
        if (ofType('REQ').length > sent) left = seconds;
        sent = ofType('REQ').length;
        if (left-- === 0) say('EOSE', 'dm');
      }
      expect([protocol.carriesDms(), gaveUp]).toEqual([true, []]);
    },
  );

  test('is asked again for what it seems to have lost', async () => {
    const { clock, say, ofType, gaveUp } = open({ permanent: ['presence', 'dm'] });
    say('EOSE', 'presence');
    for (const [seconds, reqs] of [
      [29, 2],
      [2, 3],
      [58, 3],
      [2, 4],
    ] as const) {
      await clock.advance(seconds * 1000);
      expect(ofType('REQ')).toHaveLength(reqs);
    }
    expect(gaveUp).toEqual([]);
    await clock.advance(120_000);
    expect(gaveUp).toEqual(['no response to a subscription']);
  });

  test.each(['duplicate: already open', 'ERROR: duplicate: sub id'])(
    'that says %j gets the subscription again at once, and is left for minutes only if it says so again',
    async (reason) => {
      const { clock, say, heard, ofType } = open();
      await clock.advance(5_000);
      for (let round = 0; round < 3; round++) {
        say('CLOSED', 'dm', reason);
        expect([ofType('CLOSE').length, ofType('REQ').length]).toEqual([round + 1, round + 3]);
        say('EOSE', 'dm');
      }
      expect(heard).toEqual(Array(3).fill('subscribed dm'));
      for (let n = 0; n < 100; n++) say('CLOSED', 'dm', reason);
      await settle();
      expect(ofType('REQ')).toHaveLength(6);
      expect(heard.at(-1)).toBe(`refused ${reason}`);
    },
  );
});

describe('a relay that allows few subscriptions', () => {
  const both = { permanent: ['presence', 'dm'] };
  /** The ids of the subscriptions that are open for the relay, with the number of their filters. */
  const openReqs = (sent: readonly Sent[]): Record<string, number> => {
    const reqs = new Map<string, number>();
    for (const [type, id, ...filters] of sent) {
      if (type === 'REQ') reqs.set(String(id), filters.length);
      if (type === 'CLOSE') reqs.delete(String(id));
    }
    return Object.fromEntries(reqs);
  };

  test('two: messages and presences share one, and one is for queries', async () => {
    const { clock, say, sent, heard, protocol } = open({ ...both, limitation: { max_subscriptions: 2 } });
    expect([openReqs(sent), protocol.sharesSubscription()]).toEqual([{ dm: 2 }, true]);
    say('EOSE', 'dm');
    expect(heard).toEqual(['subscribed presence', 'subscribed dm']);
    const results = [protocol.query([{ kinds: [4] }]), protocol.query([{ kinds: [3] }])];
    expect(openReqs(sent)).toEqual({ dm: 2, q1: 1 });
    say('EOSE', 'q1');
    expect(openReqs(sent)).toEqual({ dm: 2, q2: 1 });
    say('EOSE', 'q2');
    expect(await Promise.all(results)).toMatchObject([{ complete: true }, { complete: true }]);
    await clock.advance(nostrLimits.query.lingerMs);
    expect(openReqs(sent)).toEqual({ dm: 2 });
  });

  test('one: the subscription makes room for queries and comes back, which is reported once', async () => {
    const { say, sent, heard, protocol, count } = open({ ...both, limitation: { max_subscriptions: 1 } });
    expect(openReqs(sent)).toEqual({ dm: 2 });
    say('EOSE', 'dm');
    for (let round = 0; round < 3; round++) {
      const results = [protocol.query([{ kinds: [4] }]), protocol.query([{ kinds: [3] }])];
      for (const id of [2 * round + 1, 2 * round + 2]) {
        expect(openReqs(sent)).toEqual({ [`q${id}`]: 1 });
        say('EVENT', `q${id}`, rawDm('x'));
        say('EOSE', `q${id}`);
      }
      expect(await Promise.all(results)).toMatchObject([{ complete: true }, { complete: true }]);
      expect(openReqs(sent)).toEqual({ dm: 2 });
      say('EVENT', 'dm', rawDm('x'));
      say('EOSE', 'dm');
      expect([protocol.carriesDms(), count('event')]).toEqual([true, round + 1]);
    }
    expect(heard.filter((what) => what.startsWith('subscribed'))).toEqual([
      'subscribed presence',
      'subscribed dm',
    ]);
  });

  test('one: a subscription that made room before its EOSE is reported when it is back', async () => {
    const { say, heard, protocol } = open({ ...both, limitation: { max_subscriptions: 1 } });
    void protocol.query([{ kinds: [4] }]);
    say('EOSE', 'q1');
    say('EOSE', 'dm');
    expect(heard).toEqual(['subscribed presence', 'subscribed dm']);
  });

  test('is found out about when its document arrives', () => {
    const { sent, state, protocol } = open(both);
    expect([openReqs(sent), protocol.sharesSubscription()]).toEqual([{ presence: 1, dm: 1 }, false]);
    state.info = knows({ max_subscriptions: 2 });
    protocol.onInfo();
    expect([openReqs(sent), protocol.sharesSubscription()]).toEqual([{ dm: 2 }, true]);
    protocol.onInfo();
    state.info = knows({ max_subscriptions: 3 });
    protocol.onInfo();
    expect(openReqs(sent)).toEqual({ presence: 1, dm: 1 });
  });
});

describe('an own relay that sends a challenge', () => {
  test('gets AUTH at once, and is asked for messages again after it', async () => {
    const { say, ofType, heard } = open({ isOwn: true, permanent: ['presence', 'dm'] });
    say('AUTH', 'c');
    await settle();
    say('EOSE', 'dm');
    expect(heard).toEqual([]);
    say('OK', idOf(ofType('AUTH')[0]), true, '');
    await settle();
    expect(ofType('REQ').map(([, id]) => id)).toEqual(['presence', 'dm', 'dm']);
    say('EOSE', 'dm');
    expect(heard).toEqual(['authenticated', 'subscribed dm']);
  });

  test('late gets it too, and is asked again', async () => {
    const { say, ofType, heard } = open({ isOwn: true });
    say('EOSE', 'dm');
    say('AUTH', 'c');
    await settle();
    say('OK', idOf(ofType('AUTH')[0]), true, '');
    await settle();
    say('EOSE', 'dm');
    expect(heard).toEqual(['subscribed dm', 'authenticated', 'subscribed dm']);
  });

  test('and does not confirm our AUTH is asked again as well', async () => {
    const { clock, say, ofType, heard } = open({ isOwn: true });
    say('AUTH', 'c');
    await settle();
    say('EOSE', 'dm');
    await clock.advance(nostrLimits.reply.okMs);
    expect([ofType('CLOSE').length, ofType('REQ').length]).toEqual([1, 2]);
    say('EOSE', 'dm');
    expect(heard).toEqual(['authenticated', 'subscribed dm']);
  });

  test('and refuses our AUTH serves us as it would without', async () => {
    const { say, ofType, heard } = open({ isOwn: true });
    say('AUTH', 'c');
    await settle();
    say('EOSE', 'dm');
    say('OK', idOf(ofType('AUTH')[0]), false, 'error: no service url');
    await settle();
    expect(heard).toEqual(['refused relay auth failed: error: no service url', 'subscribed dm']);
    for (let n = 0; n < 1_000; n++) say('AUTH', `c${n}`);
    await settle();
    expect([ofType('AUTH').length, ofType('REQ').length]).toEqual([1, 1]);
  });
});

describe('writes', () => {
  test('longer than the relay accepts are refused here, with the reason', async () => {
    const { protocol, fakePeer, ofType } = open({ limitation: { max_message_length: 2_000 } });
    const small = fakePeer.sign({ kind: 4, content: 'é'.repeat(100) });
    const large = fakePeer.sign({ kind: 4, content: 'é'.repeat(900) });
    expect(await protocol.publish(large)).toEqual({
      outcome: 'rejected',
      reason: expect.stringMatching(/^invalid: not sent: the event takes 2\d\d\d bytes .* limit of 2000$/),
      prefix: 'invalid',
    });
    void protocol.publish(small);
    expect(ofType('EVENT').map(idOf)).toEqual([small.id]);
    protocol.close();
  });

  test.each([{ max_message_length: 0 }, { max_message_length: 100 }, { max_message_length: -5 }, {}])(
    'are sent with %j, which is no limit',
    async (limitation) => {
      const { protocol, fakePeer, ofType } = open({ limitation });
      void protocol.publish(fakePeer.sign({ content: 'x'.repeat(5_000) }));
      expect(ofType('EVENT')).toHaveLength(1);
      protocol.close();
    },
  );

  test('are not sent to a relay that asks for proof of work', async () => {
    const { protocol, fakePeer, ofType, state } = open({ limitation: { min_pow_difficulty: 20 } });
    expect(await protocol.publish(fakePeer.sign({}))).toEqual({
      outcome: 'rejected',
      reason: 'pow: not sent: the relay asks for 20 bits of proof of work',
      prefix: 'pow',
    });
    state.info = knows({ min_pow_difficulty: 0, payment_required: true, restricted_writes: true });
    void protocol.publish(fakePeer.sign({}));
    expect(ofType('EVENT')).toHaveLength(1);
    protocol.close();
  });
});

test('a subscription whose filters change is opened again under the same name, and what was under way is no offence', () => {
  let asked: Filter[] = [{ kinds: [31337] }];
  const { say, heard, sent, protocol } = open({ filters: () => asked });
  say('EOSE', 'dm');
  asked = [{ kinds: [31337], authors: ['ab'.repeat(32)] }];
  protocol.resubscribe('dm');
  expect(sent.slice(-2)).toEqual([
    ['CLOSE', 'dm'],
    ['REQ', 'dm', ...asked],
  ]);
  const underWay = createFakePeer('bob', createFakeClock()).presence();
  say('EVENT', 'dm', underWay);
  say('EOSE', 'dm');
  expect(heard).toEqual(['subscribed dm', 'late event']);
  say('EVENT', 'dm', { ...underWay, kind: 30_000 });
  expect(heard.at(-1)).toBe('unasked');
});
