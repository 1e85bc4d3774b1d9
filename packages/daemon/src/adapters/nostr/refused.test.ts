import { hourMs } from '@ocmesh/shared/ambient';
import { describe, expect, test } from 'vitest';
import { connected, openNetwork, rawPresence, until } from '../../../test/support/open-network.ts';
import { type Denial, type Script, startScriptedRelay } from '../../../test/support/scripted-relay.ts';

const MINUTE_MS = 60_000;

/** A relay that refuses the message subscription for this reason; with a challenge and an OK to AUTH, if given. */
const refusing = (
  reason: string,
  auth: { challenge?: string; ok?: [accepted: boolean, reason: string] } = {},
): Script => ({
  onOpen: (reply) => auth.challenge && reply('AUTH', auth.challenge),
  onFrame: ([type, first], reply) => {
    if (type === 'AUTH' && auth.ok) reply('OK', (first as { id: string }).id, ...auth.ok);
    else if (type === 'REQ' && first === 'dm') reply('CLOSED', first, reason);
    else return false;
    return true;
  },
});

describe('a relay that refuses our messages', () => {
  test.each<[string, Script, string]>([
    ['for lack of NIP-42, and never challenges', refusing('auth-required: log in'), 'auth_required'],
    [
      'and our AUTH, too',
      refusing('ERROR: auth-required: x', { challenge: 'c', ok: [false, 'restricted: who are you'] }),
      'auth_failed',
    ],
    [
      'although it accepted our AUTH',
      refusing('restricted: members only', { challenge: 'c', ok: [true, ''] }),
      'restricted',
    ],
    ['unless we pay', refusing('restricted: pay 1000 sats first'), 'payment_required'],
    [
      'unless we pay, as it responds to our AUTH',
      refusing('auth-required: x', { challenge: 'c', ok: [false, 'blocked: no payment found'] }),
      'payment_required',
    ],
    [
      'and explains that in its document',
      {
        ...refusing('restricted: no'),
        onRequest: (_, response) => response.end('{"limitation":{"payment_required":true}}'),
      },
      'payment_required',
    ],
  ])('%s stays connected, with the reason as its state', async (_, script, state) => {
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

  test('gets the REQ again as soon as a challenge comes', async () => {
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
    'with %j, which is temporary, counts as connected',
    async (reason) => {
      const { relay } = await connected(refusing(reason));
      await until(() => expect(relay().lastError).toBe(reason));
      expect(relay()).toMatchObject({ state: 'connected', carriesDms: false });
    },
  );

  test('by closing it over and over gets no more REQs and fills no log', async () => {
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

describe('a relay that disconnects us', () => {
  /** A relay that refuses and disconnects us, next to one that does not. */
  async function refusedBy(
    script: Script,
    disconnect?: (socket: { close(code: number, reason: string): void }) => void,
  ) {
    const good = await startScriptedRelay();
    const scripted = await startScriptedRelay({
      ...script,
      onFrame(frame, reply, socket) {
        const isDone = script.onFrame?.(frame, reply, socket) ?? false;
        if (disconnect && frame[0] === 'REQ' && frame[1] === 'dm') disconnect(socket);
        return isDone;
      },
    });
    const open = openNetwork([scripted.url, good.url]);
    return { ...open, scripted, good };
  }

  const closePolicy = (socket: { close(code: number, reason: string): void }): void =>
    socket.close(1008, 'policy');

  test('after a refusal is in back-off for six hours', async () => {
    const { relay, clock, scripted, logged, url, good, pass } = await refusedBy(
      refusing('restricted: members only'),
      closePolicy,
    );
    await until(() => expect(relay().backoffUntil).not.toBeNull());
    expect(relay()).toMatchObject({ open: false, state: 'restricted', lastError: expect.any(String) });
    const backoffMs = (relay().backoffUntil as number) - clock.now();
    expect(backoffMs).toBeGreaterThanOrEqual(6 * hourMs);
    expect(backoffMs).toBeLessThanOrEqual(6.6 * hourMs);
    expect(logged('relay is in back-off')).toBe(1);
    await pass(good, 10 * MINUTE_MS);
    expect(scripted.connections()).toBe(1);
    expect(relay(url).state).toBe('restricted');
  });

  test('with a refusal in its close frame is in back-off, too', async () => {
    const { relay } = await refusedBy({}, (socket) => socket.close(4403, 'restricted: not whitelisted'));
    await until(() => expect(relay().backoffUntil).not.toBeNull());
    expect(relay()).toMatchObject({ state: 'restricted', lastError: expect.stringContaining('whitelisted') });
  });

  test('long after a refusal is reconnected as usual', async () => {
    const open = await refusedBy(refusing('restricted: members only'));
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
  ])('with HTTP %i is in back-off for hours, as %s', async (status, state) => {
    const { relay, clock, scripted, logged, count } = await refusedBy({ onUpgrade: () => ({ status }) });
    await until(() => expect(relay()).toMatchObject({ state, open: false }));
    expect(relay().lastError).toContain(`HTTP ${status}`);
    expect((relay().backoffUntil as number) - clock.now()).toBeGreaterThanOrEqual(6 * hourMs);
    expect([count(`is ${state}`), logged('relay is in back-off')]).toEqual([1, 1]);
    await clock.advance(20_000);
    expect(scripted.requests().upgrades).toBe(1);
  });

  test.each<[string, Record<string, string>]>([
    ['a web page', { 'content-type': 'text/html; charset=utf-8' }],
    ['a challenge', { 'cf-mitigated': 'challenge', 'content-type': 'text/plain' }],
    ['an error of a proxy', { 'x-squid-error': 'ERR_ACCESS_DENIED 0' }],
  ])('is not blamed for the 403 of a filter in front of it: %s', async (_, headers) => {
    const { relay } = await refusedBy({ onUpgrade: () => ({ status: 403, headers }) });
    await until(() => expect(relay()).toMatchObject({ state: 'disconnected', open: false }));
    expect(relay()).toMatchObject({
      lastError: 'a proxy or filter in front of the relay responded with HTTP 403',
      backoffUntil: null,
    });
  });

  test('and is our only one is tried every five minutes instead, and logged once', async () => {
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

  test('is tried within five minutes when every other relay is lost', async () => {
    const { relay, clock, scripted, good } = await refusedBy({ onUpgrade: () => ({ status: 403 }) });
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
    ['HTTP 429 and names an absurd time', { status: 429, headers: { 'retry-after': '99999999' } }, 60],
    [
      'HTTP 429 and names a date',
      { status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:30:00 GMT' } },
      30,
    ],
  ])('with %s is in back-off for as long, even if it is our only one', async (_, denial, minutes) => {
    const scripted = await startScriptedRelay({ onUpgrade: () => denial });
    const { relay, clock } = openNetwork([scripted.url]);
    await until(() => expect(relay().backoffUntil).not.toBeNull());
    const backoffMs = (relay().backoffUntil as number) - clock.now();
    expect(backoffMs).toBeGreaterThanOrEqual(minutes * MINUTE_MS);
    expect(backoffMs).toBeLessThanOrEqual(minutes * MINUTE_MS * 1.1);
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
