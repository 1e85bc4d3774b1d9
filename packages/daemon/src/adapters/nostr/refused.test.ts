import { hourMs } from '@ocmesh/shared/ambient';
import { describe, expect, test } from 'vitest';
import { connected, openNetwork, rawPresence, until } from '../../../test/support/open-network.ts';
import { type Denial, type Script, startScriptedRelay } from '../../../test/support/scripted-relay.ts';

const MINUTE_MS = 60_000;

/** Refuses the message subscription with these words, and challenges and answers AUTH as told. */
const refusing = (
  words: string,
  auth: { challenge?: string; answer?: [accepted: boolean, words: string] } = {},
): Script => ({
  onOpen: (reply) => auth.challenge && reply('AUTH', auth.challenge),
  onFrame: ([type, first], reply) => {
    if (type === 'AUTH' && auth.answer) reply('OK', (first as { id: string }).id, ...auth.answer);
    else if (type === 'REQ' && first === 'dm') reply('CLOSED', first, words);
    else return false;
    return true;
  },
});

describe('a relay that refuses our messages', () => {
  test.each<[string, Script, string]>([
    ['for want of NIP-42, and never challenges', refusing('auth-required: log in'), 'auth_required'],
    [
      'and our AUTH with it',
      refusing('ERROR: auth-required: x', { challenge: 'c', answer: [false, 'restricted: who are you'] }),
      'auth_failed',
    ],
    [
      'although it took our AUTH',
      refusing('restricted: members only', { challenge: 'c', answer: [true, ''] }),
      'restricted',
    ],
    ['unless we pay', refusing('restricted: pay 1000 sats first'), 'payment_required'],
    [
      'unless we pay, as it says to our AUTH',
      refusing('auth-required: x', { challenge: 'c', answer: [false, 'blocked: no payment found'] }),
      'payment_required',
    ],
    [
      'and says in its document what that means',
      {
        ...refusing('restricted: no'),
        onRequest: (_, response) => response.end('{"limitation":{"payment_required":true}}'),
      },
      'payment_required',
    ],
  ])('%s is kept in peace, and says why', async (_, script, state) => {
    const { relay, heard, count, scripted, clock } = await connected(script);
    await until(() => expect(relay().state).toBe(state));
    expect(relay()).toMatchObject({ open: true, carriesDms: false, backoffUntil: null });
    expect(heard.filter((what) => what.startsWith('is ')).slice(0, 2)).toEqual([
      'is connecting',
      'is connected',
    ]);
    expect(count(`is ${state}`)).toBe(1);
    await clock.advance(19_000);
    expect(scripted.ofType('REQ').filter(([, name]) => name === 'dm').length).toBeLessThanOrEqual(2);
    expect(scripted.connections()).toBe(1);
  });

  test('is asked again at once when a challenge comes at last', async () => {
    let authenticated = false;
    const { scripted, relay } = await connected({
      onFrame: ([type, first], reply) => {
        if (type === 'AUTH') authenticated = true;
        if (type !== 'REQ' || first !== 'dm' || authenticated) return false;
        reply('CLOSED', first, 'auth-required: x');
        return true;
      },
    });
    await until(() => expect(relay().state).toBe('auth_required'));
    scripted.send(['AUTH', 'at last']);
    await until(() => expect(relay()).toMatchObject({ state: 'connected', carriesDms: true }));
  });

  test.each(['rate-limited: slow down', 'error: shutting down', 'too many subscriptions'])(
    'with %j for now is called connected',
    async (words) => {
      const { relay } = await connected(refusing(words));
      await until(() => expect(relay().lastError).toBe(words));
      expect(relay()).toMatchObject({ state: 'connected', carriesDms: false });
    },
  );

  test('by closing it over and over is asked no more often for it, and heard no more often', async () => {
    const { scripted, relay, contents, logged } = await connected();
    for (let i = 0; i < 500; i++) {
      scripted.send(['CLOSED', 'dm', 'error: no']);
      scripted.send(['EOSE', 'dm']);
    }
    scripted.send(['EVENT', 'presence', rawPresence('after')]);
    await until(() => expect(contents()).toEqual(['after']));
    expect(scripted.ofType('REQ')).toHaveLength(2);
    expect(logged('relay refused a subscription')).toBe(1);
    expect(relay().carriesDms).toBe(false);
  });
});

describe('a relay that hangs up on us', () => {
  /** Refuses and hangs up, while another relay is open. */
  async function rested(
    script: Script,
    hangUp?: (socket: { close(code: number, words: string): void }) => void,
  ) {
    const good = await startScriptedRelay();
    const scripted = await startScriptedRelay({
      ...script,
      onFrame(frame, reply, socket) {
        const isDone = script.onFrame?.(frame, reply, socket) ?? false;
        if (hangUp && frame[0] === 'REQ' && frame[1] === 'dm') hangUp(socket);
        return isDone;
      },
    });
    const open = openNetwork([scripted.url, good.url]);
    return { ...open, scripted, good };
  }

  const goodbye = (socket: { close(code: number, words: string): void }): void =>
    socket.close(1008, 'policy');

  test('after a refusal is left alone for six hours, in peace', async () => {
    const { relay, clock, scripted, logged, url, good, pass } = await rested(
      refusing('restricted: members only'),
      goodbye,
    );
    await until(() => expect(relay().backoffUntil).not.toBeNull());
    expect(relay()).toMatchObject({ open: false, state: 'restricted', lastError: expect.any(String) });
    const restMs = (relay().backoffUntil as number) - clock.now();
    expect(restMs).toBeGreaterThanOrEqual(6 * hourMs);
    expect(restMs).toBeLessThanOrEqual(6.6 * hourMs);
    expect(logged('relay is in back-off')).toBe(1);
    await pass(good, 10 * MINUTE_MS);
    expect(scripted.connections()).toBe(1);
    expect(relay(url).state).toBe('restricted');
  });

  test('in words of its own is left alone as well', async () => {
    const { relay } = await rested({}, (socket) => socket.close(4403, 'restricted: not whitelisted'));
    await until(() => expect(relay().backoffUntil).not.toBeNull());
    expect(relay()).toMatchObject({ state: 'restricted', lastError: expect.stringContaining('whitelisted') });
  });

  test('long after a refusal is simply connected to again', async () => {
    const open = await rested(refusing('restricted: members only'));
    const { scripted, relay } = open;
    await until(() => expect(relay().state).toBe('restricted'));
    await open.pass(scripted, 80_000);
    scripted.cut();
    await until(() => expect(relay().open).toBe(false));
    expect(relay()).toMatchObject({ state: 'disconnected', backoffUntil: null });
  });

  test.each<[number, string]>([
    [401, 'auth_required'],
    [402, 'payment_required'],
    [403, 'restricted'],
  ])('with HTTP %i is left alone for hours, and called %s', async (status, state) => {
    const { relay, clock, scripted, logged, count } = await rested({ onUpgrade: () => ({ status }) });
    await until(() => expect(relay()).toMatchObject({ state, open: false }));
    expect(relay().lastError).toContain(`HTTP ${status}`);
    expect((relay().backoffUntil as number) - clock.now()).toBeGreaterThanOrEqual(6 * hourMs);
    expect([count(`is ${state}`), logged('relay is in back-off')]).toEqual([1, 1]);
    await clock.advance(20_000);
    expect(scripted.requests().upgrades).toBe(1);
  });

  test('and is our only one is tried every five minutes instead, without a log line each time', async () => {
    const scripted = await startScriptedRelay({ onUpgrade: () => ({ status: 403 }) });
    const { relay, clock, logged } = openNetwork([scripted.url]);
    for (let attempt = 1; attempt <= 4; attempt++) {
      await until(() =>
        expect([scripted.requests().upgrades, relay().state]).toEqual([attempt, 'restricted']),
      );
      await clock.advance(149_999);
      expect(scripted.requests().upgrades).toBe(attempt);
      for (let i = 0; i < 151 && relay().state === 'restricted'; i++) await clock.advance(1_000);
    }
    expect(logged('relay is in back-off')).toBe(1);
  });

  test('is called back within five minutes when every other relay goes down', async () => {
    const { relay, clock, scripted, good } = await rested({ onUpgrade: () => ({ status: 403 }) });
    await until(() => expect(relay().state).toBe('restricted'));
    await until(() => expect(relay(good.url).open).toBe(true));
    good.cut();
    await until(() => expect(relay(good.url).open).toBe(false));
    expect((relay().backoffUntil as number) - clock.now()).toBeLessThanOrEqual(5 * MINUTE_MS);
    for (let i = 0; i < 300 && scripted.requests().upgrades < 2; i++) await clock.advance(1_000);
    expect(scripted.requests().upgrades).toBe(2);
  });

  test.each<[string, Denial, number]>([
    ['HTTP 429', { status: 429 }, 10],
    ['HTTP 429 and names a time', { status: 429, headers: { 'retry-after': '1200' } }, 20],
    ['HTTP 429 and names a time beyond reason', { status: 429, headers: { 'retry-after': '99999999' } }, 60],
    [
      'HTTP 429 and names a date',
      { status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:30:00 GMT' } },
      30,
    ],
  ])('with %s is left alone for as long, even when it is our only one', async (_, denial, minutes) => {
    const scripted = await startScriptedRelay({ onUpgrade: () => denial });
    const { relay, clock } = openNetwork([scripted.url]);
    await until(() => expect(relay().backoffUntil).not.toBeNull());
    const restMs = (relay().backoffUntil as number) - clock.now();
    expect(restMs).toBeGreaterThanOrEqual(minutes * MINUTE_MS);
    expect(restMs).toBeLessThanOrEqual(minutes * MINUTE_MS * 1.1);
    expect(relay().state).toBe('disconnected');
  });

  test.each<[string, Denial, number]>([
    ['HTTP 503', { status: 503 }, 1_000],
    ['HTTP 503 and names a time', { status: 503, headers: { 'retry-after': '30' } }, 30_000],
    ['HTTP 404', { status: 404 }, 1_000],
    ['a redirect', { status: 301, headers: { location: 'ws://127.0.0.1:1/' } }, 1_000],
  ])('with %s is tried again soon', async (_, denial, withinMs) => {
    const scripted = await startScriptedRelay({ onUpgrade: () => denial });
    const { relay, clock } = openNetwork([scripted.url]);
    await until(() => expect(relay().lastError).toContain(`HTTP ${denial.status}`));
    expect(relay()).toMatchObject({ state: 'disconnected', backoffUntil: null });
    await clock.advance(withinMs - 501);
    expect(scripted.requests().upgrades).toBe(1);
    await clock.advance(501);
    await until(() => expect(scripted.requests().upgrades).toBe(2));
  });
});
