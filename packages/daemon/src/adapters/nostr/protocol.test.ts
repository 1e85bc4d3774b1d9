import { hourMs } from '@ocmesh/shared/ambient';
import type { Filter } from '@ocmesh/shared/wire';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import { rawDm } from '../../../test/support/open-network.ts';
import type { RelayInfo } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';
import { createConversation } from './protocol.ts';

const MINUTE_MS = 60_000;
/** Lets everything happen that waits for nothing but its turn. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Sent = readonly [type: string, first: never, ...rest: unknown[]];

/** A conversation with a relay that is played by hand, on an open connection. */
function open(options: { limitation?: Record<string, unknown>; permanent?: readonly string[] } = {}) {
  const clock = createFakeClock();
  const fakePeer = createFakePeer('alice', clock);
  const sent: Sent[] = [];
  const heard: string[] = [];
  const gaveUp: string[] = [];
  const state = { info: options.limitation ? knows(options.limitation) : null };
  const filters = (): Filter[] => [{ kinds: [4], limit: 0 }];
  const conversation = createConversation({
    url: 'wss://relay.test',
    clock,
    log: createRecordingLog(),
    sign: fakePeer.sign,
    permanent: (options.permanent ?? ['dm']).map((name) => ({ name, filters })),
    info: () => state.info,
    send: (frame) => sent.push(JSON.parse(frame)) > 0,
    giveUp: (reason) => gaveUp.push(reason),
    onEvent: () => heard.push('event'),
    onSubscribed: (name) => heard.push(`subscribed ${name}`),
    onRefused: (words) => heard.push(`refused ${words}`),
    onOffence: (offence) => heard.push(offence),
  });
  conversation.open();
  const say = (...frame: readonly unknown[]): void => {
    const text = JSON.stringify(frame);
    conversation.onText(text, text.length);
  };
  const ofType = (type: string): Sent[] => sent.filter((frame) => frame[0] === type);
  const count = (what: string): number => heard.filter((each) => each === what).length;
  return { clock, fakePeer, sent, ofType, heard, count, gaveUp, state, conversation, say };
}

const knows = (limitation: Record<string, unknown>): RelayInfo => ({ supportedNips: [], limitation });
const idOf = (frame: Sent | undefined): string =>
  (frame?.[1] as unknown as { id: string } | undefined)?.id ?? '';

describe('a refusal for good', () => {
  test('is asked again after six hours, with a fresh answer to the challenge, and may be over by then', async () => {
    const { clock, conversation, say, ofType, count } = open();
    say('AUTH', 'the same');
    say('CLOSED', 'dm', 'auth-required: x');
    await settle();
    say('OK', idOf(ofType('AUTH')[0]), false, 'restricted: not yet');
    await settle();
    expect(conversation.refused()).toEqual({ state: 'auth_failed', forMs: 0 });
    await clock.advance(6 * hourMs - 1);
    expect(ofType('REQ')).toHaveLength(1);
    await clock.advance(1);
    expect(ofType('REQ')).toHaveLength(2);
    expect(conversation.refused()).toEqual({ state: 'auth_failed', forMs: 6 * hourMs });
    say('CLOSED', 'dm', 'auth-required: x');
    await settle();
    expect(ofType('AUTH')).toHaveLength(2);
    say('OK', idOf(ofType('AUTH')[1]), true, '');
    await settle();
    expect(ofType('REQ')).toHaveLength(3);
    say('EOSE', 'dm');
    expect([conversation.refused(), conversation.carriesDms()]).toEqual([null, true]);
    expect(count('subscribed dm')).toBe(1);
  });

  test.each([
    ['rate-limited: slow', MINUTE_MS],
    ['error: x', 5 * MINUTE_MS],
  ])('is not %j: that is asked again after %i ms', async (words, ms) => {
    const { clock, conversation, say, ofType } = open();
    say('CLOSED', 'dm', words);
    await settle();
    expect(conversation.refused()).toBeNull();
    await clock.advance(ms - 1);
    expect(ofType('REQ')).toHaveLength(1);
    await clock.advance(1);
    expect(ofType('REQ')).toHaveLength(2);
  });

  test('that becomes one for the moment is none any more', async () => {
    const { clock, conversation, say } = open();
    say('CLOSED', 'dm', 'restricted: x');
    await settle();
    expect(conversation.refused()?.state).toBe('restricted');
    await clock.advance(6 * hourMs);
    say('CLOSED', 'dm', 'error: down for the moment');
    await settle();
    expect(conversation.refused()).toBeNull();
  });
});

describe('challenges', () => {
  test('that nothing waits for cost no signature', () => {
    const { say, ofType } = open();
    for (let i = 0; i < 10_000; i++) say('AUTH', `c${i}`);
    expect(ofType('AUTH')).toEqual([]);
  });

  test('by the thousand are answered six times a minute, the last one of them', async () => {
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

  test('are answered at once for a relay whose document says that it must be', async () => {
    const { say, ofType } = open({ limitation: { auth_required: true } });
    for (let i = 0; i < 10; i++) say('AUTH', `c${i}`);
    await settle();
    expect(ofType('AUTH')).toHaveLength(1);
  });

  test('are answered when the document comes after them', async () => {
    const { say, ofType, state, conversation } = open();
    say('AUTH', 'c');
    expect(ofType('AUTH')).toEqual([]);
    state.info = knows({ auth_required: true });
    conversation.onInfo();
    await settle();
    expect(ofType('AUTH')).toHaveLength(1);
  });

  test('of a connection that is gone are forgotten, and so is who waited for them', async () => {
    const { clock, say, ofType, conversation } = open();
    for (let i = 0; i <= nostrLimits.authsPerMinute; i++) {
      conversation.reset();
      conversation.open();
      say('AUTH', `c${i}`);
      say('CLOSED', 'dm', 'auth-required: x');
      await settle();
    }
    expect(ofType('AUTH')).toHaveLength(nostrLimits.authsPerMinute);
    conversation.reset();
    await settle();
    expect(clock.pending()).toBe(0);
    expect(ofType('AUTH')).toHaveLength(nostrLimits.authsPerMinute);
  });
});

describe('a NOTICE instead of CLOSED', () => {
  test('stands for the answer to a subscription that gets none, which is asked again later', async () => {
    const { clock, say, gaveUp, heard, ofType } = open();
    say('NOTICE', 'too many subscriptions');
    await clock.advance(15_000);
    expect(heard).toEqual(['refused too many subscriptions']);
    expect(gaveUp).toEqual([]);
    await clock.advance(5 * MINUTE_MS);
    expect(ofType('REQ')).toHaveLength(4);
    await clock.advance(15_000);
    expect(gaveUp).toEqual(['no answer to a subscription']);
  });

  test('that asks for AUTH gets it at once', async () => {
    const { say, ofType, conversation } = open();
    say('AUTH', 'c');
    say('NOTICE', 'restricted: we do not serve DMs to strangers');
    await settle();
    say('OK', idOf(ofType('AUTH')[0]), true, '');
    await settle();
    expect(ofType('REQ')).toHaveLength(2);
    say('EOSE', 'dm');
    expect(conversation.carriesDms()).toBe(true);
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

test('an EOSE that never comes while events do: no DMs are carried, and the connection stays', async () => {
  const { clock, say, count, gaveUp, conversation } = open();
  say('EVENT', 'dm', rawDm('x'));
  await clock.advance(hourMs);
  expect([conversation.carriesDms(), gaveUp, count('event')]).toEqual([false, [], 1]);
});

test('an EOSE that comes a thousand times counts once', () => {
  const { say, heard } = open();
  for (let i = 0; i < 1_000; i++) say('EOSE', 'dm');
  expect(heard).toEqual(['subscribed dm']);
});

describe('queries', () => {
  /** @param count of events that fill a query to the brim */
  const filled = async (each: number, count: number) => {
    const { say, conversation } = open();
    const result = conversation.query([{ kinds: [4] }]);
    for (let i = 0; i < count; i++) say('EVENT', 'q1', rawDm('x'.repeat(each)));
    say('EOSE', 'q1');
    return result;
  };

  test('of 5000 events are complete, one more is too many', async () => {
    expect(await filled(1, 5_000)).toMatchObject({ complete: true, tooLarge: false });
    const { complete, tooLarge, events } = await filled(1, 5_001);
    expect([complete, tooLarge, events.length]).toEqual([false, true, 5_000]);
  });

  test('end where their frames exceed the bytes that one answer may take', async () => {
    const { complete, tooLarge, events } = await filled(200_000, 100);
    expect([complete, tooLarge]).toEqual([false, true]);
    expect(events.length).toBe(
      Math.floor(nostrLimits.query.bytes / (JSON.stringify(rawDm('')).length + 200_016)),
    );
  });

  test('hold what an event has, and not what a frame hides', async () => {
    const { say, conversation, count } = open();
    const result = conversation.query([{ kinds: [4] }]);
    say('EVENT', 'q1', { ...rawDm('kept'), more: [[], [], []] });
    say('EVENT', 'q1', rawDm('x', { tags: Array.from({ length: 101 }, () => []) }));
    say('EVENT', 'q1', { kind: 4 });
    say('EOSE', 'q1');
    expect(await result).toEqual({ complete: true, events: [rawDm('kept')], tooLarge: false });
    expect(count('garbage_frame')).toBe(2);
  });

  test('take only what they asked for', async () => {
    const { say, conversation, count } = open();
    const result = conversation.query([{ kinds: [4], '#p': ['me'] }, { ids: ['ab'.repeat(32)] }]);
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

  test('that get no answer end, and nobody hangs up for it', async () => {
    const { clock, say, conversation, gaveUp, ofType } = open();
    say('EOSE', 'dm');
    const result = conversation.query([{ kinds: [4] }]);
    await clock.advance(15_000);
    expect(await result).toEqual({ complete: false, events: [], tooLarge: false });
    expect([gaveUp, ofType('CLOSE')]).toEqual([[], [['CLOSE', 'q1']]]);
  });

  test.each([
    [undefined, 4],
    [4, 2],
    [3, 1],
    [200, 4],
    [0, 4],
    ['many', 4],
  ])('beside two subscriptions, of %s that are allowed, go out %i at a time', async (allowed, atOnce) => {
    const { say, conversation, ofType } = open({
      permanent: ['presence', 'dm'],
      limitation: { max_subscriptions: allowed },
    });
    const results = Array.from({ length: 10 }, () => conversation.query([{ kinds: [4] }]));
    for (let done = 0; done < 10; done++) {
      expect(ofType('REQ')).toHaveLength(2 + Math.min(10, done + atOnce));
      say('EOSE', `q${done + 1}`);
    }
    expect((await Promise.all(results)).every(({ complete }) => complete)).toBe(true);
    expect(ofType('CLOSE')).toHaveLength(10);
  });

  test.each([
    [2, ['dm']],
    [1, ['dm']],
    [3, ['presence', 'dm']],
  ])('with %i subscriptions allowed we keep %j permanent', (allowed, names) => {
    const { ofType } = open({ permanent: ['presence', 'dm'], limitation: { max_subscriptions: allowed } });
    expect(ofType('REQ').map(([, name]) => name)).toEqual(names);
  });

  test('that wait for their turn too long, or for a connection that breaks, end', async () => {
    const { clock, conversation, ofType } = open({ limitation: { max_subscriptions: 2 } });
    const [first, second] = [conversation.query([{ kinds: [4] }]), conversation.query([{ kinds: [4] }])];
    expect(ofType('REQ')).toHaveLength(2);
    conversation.reset();
    expect(await Promise.all([first, second])).toEqual(
      Array(2).fill({ complete: false, events: [], tooLarge: false }),
    );
    expect([ofType('REQ').length, clock.pending()]).toEqual([2, 0]);
    const late = open({ permanent: ['dm'], limitation: { max_subscriptions: 1 } });
    const result = late.conversation.query([{ kinds: [4] }]);
    await late.clock.advance(nostrLimits.query.ms);
    expect((await result).complete).toBe(false);
  });
});

describe('writes', () => {
  test('longer than the relay takes are refused here, in words that say so', async () => {
    const { conversation, fakePeer, ofType } = open({ limitation: { max_message_length: 2_000 } });
    const small = fakePeer.sign({ kind: 4, content: 'é'.repeat(100) });
    const large = fakePeer.sign({ kind: 4, content: 'é'.repeat(900) });
    expect(await conversation.publish(large)).toEqual({
      outcome: 'rejected',
      reason: expect.stringMatching(/^invalid: not sent: the event takes 2\d\d\d bytes .* limit of 2000$/),
      prefix: 'invalid',
    });
    void conversation.publish(small);
    expect(ofType('EVENT').map(idOf)).toEqual([small.id]);
    conversation.reset();
  });

  test.each([{ max_message_length: 0 }, { max_message_length: 100 }, { max_message_length: -5 }, {}])(
    '%j is no limit',
    async (limitation) => {
      const { conversation, fakePeer, ofType } = open({ limitation });
      void conversation.publish(fakePeer.sign({ content: 'x'.repeat(5_000) }));
      expect(ofType('EVENT')).toHaveLength(1);
      conversation.reset();
    },
  );

  test('are not offered to a relay that asks for proof of work', async () => {
    const { conversation, fakePeer, ofType, state } = open({ limitation: { min_pow_difficulty: 20 } });
    expect(await conversation.publish(fakePeer.sign({}))).toEqual({
      outcome: 'rejected',
      reason: 'pow: not sent: the relay asks for 20 bits of proof of work',
      prefix: 'pow',
    });
    state.info = knows({ min_pow_difficulty: 0, payment_required: true, restricted_writes: true });
    void conversation.publish(fakePeer.sign({}));
    expect(ofType('EVENT')).toHaveLength(1);
    conversation.reset();
  });
});
