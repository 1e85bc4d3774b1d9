import type { IncomingMessage } from 'node:http';
import { createClient } from '@ocmesh/client';
import { callerHeader, OcmeshError, type Operation, operations } from '@ocmesh/shared/contract';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';
import { type CallerOptions, createAuthenticate } from './authenticate.ts';
import { httpLimits } from './limits.ts';

const token = 'a'.repeat(43);
const forOwner: Operation = { ...operations.addRelay, owner: true };
const forAll: Operation = operations.listRelays;

function setUp(auth: CallerOptions['auth'] = 'none', current: () => string | null = () => token) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const authenticate = createAuthenticate({ auth, token: current }, { clock, log, findSession: () => null });
  /** Returns whether a call with these headers is the owner's, or the error code. */
  function call(row: Operation, ...headers: [name: string, value: string][]): boolean | string {
    try {
      return authenticate({ rawHeaders: headers.flat() } as IncomingMessage, row).owner;
    } catch (error) {
      return (error as { code: string }).code;
    }
  }
  return { clock, log, call };
}

const bearer = (value: string): [string, string] => ['Authorization', `Bearer ${value}`];

test('lets anyone call without a token, but not as the owner', () => {
  const { call } = setUp();
  expect([call(forAll), call(forOwner)]).toEqual([false, 'owner_only']);
});

test('takes a call with the token for the owner', () => {
  for (const auth of ['none', 'token'] as const) {
    const { call } = setUp(auth);
    expect([call(forAll, bearer(token)), call(forOwner, bearer(token))]).toEqual([true, true]);
    expect(call(forOwner, ['authorization', `bearer  ${token}`])).toBe(true);
  }
});

test('a token that cannot be compared now is not wrong, however often it is shown', () => {
  let isReadable = false;
  const { call, log } = setUp('token', () => {
    if (!isReadable) throw new OcmeshError('token_unreadable');
    return token;
  });
  const calls = Array.from({ length: httpLimits.wrongTokensPerMinute * 2 }, () =>
    call(forAll, bearer(token)),
  );
  expect(new Set(calls)).toEqual(new Set(['token_unreadable']));
  expect([call(forAll), call(forOwner), call(operations.getHealth)]).toEqual([
    'token_required',
    'token_required',
    false,
  ]);
  isReadable = true;
  expect([call(forOwner, bearer(token)), call(forOwner, bearer('b'.repeat(43)))]).toEqual([
    true,
    'token_wrong',
  ]);
  expect(log.lines).toHaveLength(1);
});

test('does not take an agent for the owner, even with the token', () => {
  for (const auth of ['none', 'token'] as const) {
    const { call } = setUp(auth);
    const agent: [string, string] = [callerHeader, 'agent'];
    expect([call(forAll, bearer(token), agent), call(forOwner, bearer(token), agent)]).toEqual([
      false,
      'owner_only',
    ]);
  }
});

test('serves only the health check without a token if every call needs one', () => {
  const { call } = setUp('token');
  expect([call(forAll), call(forOwner), call(operations.getHealth)]).toEqual([
    'token_required',
    'token_required',
    false,
  ]);
});

test.each([
  ['another token', [bearer('b'.repeat(43))]],
  ['a part of the token', [bearer(token.slice(1))]],
  ['more than the token', [bearer(`${token}a`)]],
  ['no token', [['Authorization', 'Bearer ']]],
  ['another scheme', [['Authorization', `Basic ${token}`]]],
  ['no scheme', [['Authorization', token]]],
  ['the token twice', [bearer(token), bearer(token)]],
  ['two tokens in one', [bearer(`${token}, Bearer ${token}`)]],
] as [string, [string, string][]][])(
  'refuses a header with %s, whether a token is needed or not',
  (_, headers) => {
    for (const auth of ['none', 'token'] as const) {
      const { call } = setUp(auth);
      for (const row of [forAll, forOwner, operations.getHealth])
        expect(call(row, ...headers)).toBe('token_wrong');
    }
  },
);

test('refuses every token while there is none', () => {
  const { call } = setUp('token', () => null);
  for (const shown of ['', 'null', 'undefined', token])
    expect(call(forAll, bearer(shown))).toBe('token_wrong');
});

test('accepts a new token at once, and the old one no longer', () => {
  let current = token;
  const { call } = setUp('token', () => current);
  expect(call(forAll, bearer(token))).toBe(true);
  current = 'n'.repeat(43);
  expect([call(forAll, bearer(token)), call(forAll, bearer(current))]).toEqual(['token_wrong', true]);
});

test('delays wrong tokens after ten a minute, logs once, and accepts the right one among 10,000 wrong ones', async () => {
  const { call, clock, log } = setUp('token');
  const outcomes = new Map<unknown, number>();
  for (let i = 0; i < 10_000; i++) {
    const outcome = call(forAll, bearer(`${i}`.padStart(43, 'x')));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (i % 100 === 0) expect(call(forAll, bearer(token))).toBe(true);
  }
  expect(Object.fromEntries(outcomes)).toEqual({
    token_wrong: httpLimits.wrongTokensPerMinute,
    too_many_wrong_tokens: 10_000 - httpLimits.wrongTokensPerMinute,
  });
  expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect(JSON.stringify(log.lines)).not.toContain('xxx');
  await clock.advance(60_000);
  expect(call(forAll, bearer('x'))).toBe('token_wrong');
});

test('sends 401 with a challenge and 429 with Retry-After before it reads the body', async () => {
  const api = await openApi({}, { auth: 'token', token: () => token });
  const without = await api.post('/send', '{');
  expect([without.status, without.json['error']]).toEqual([401, 'token_required']);
  expect(without.headers.get('www-authenticate')).toBe('Bearer');
  const wrong = () => api.post('/send', '{', { Authorization: 'Bearer x' });
  expect((await wrong()).json['error']).toBe('token_wrong');
  expect((await wrong()).headers.get('www-authenticate')).toBe('Bearer');
  for (let i = 2; i < httpLimits.wrongTokensPerMinute; i++) await wrong();
  const tooMany = await wrong();
  expect([tooMany.status, tooMany.headers.get('retry-after')]).toEqual([429, '60']);
  expect((await api.post('/send', '{', { Authorization: `Bearer ${token}` })).json['error']).toBe(
    'invalid_json',
  );
});

test('does not count wrong tokens of calls without a route', async () => {
  const api = await openApi({}, { auth: 'token', token: () => token });
  for (let i = 0; i < 2 * httpLimits.wrongTokensPerMinute; i++) {
    expect((await api.get('/nothing', { Authorization: 'Bearer x' })).status).toBe(404);
    expect((await api.remove('/send', { Authorization: 'Bearer x' })).status).toBe(405);
  }
  expect((await api.get('/status', { Authorization: 'Bearer x' })).json['error']).toBe('token_wrong');
});

test('tells the handler whether the owner calls, for each kind of client', async () => {
  const owners: unknown[] = [];
  for (const auth of ['none', 'token'] as const) {
    const listRelays = async (_: unknown, context?: { owner?: boolean }) => {
      owners.push(context?.owner);
      return [];
    };
    const api = await openApi({ listRelays }, { auth, token: () => token });
    const base = { baseUrl: () => `http://${api.own}`, fetch };
    await createClient({ ...base, token: () => token, asOwner: true }).listRelays({});
    await createClient({ ...base, token: (demanded) => (demanded ? token : null) }).listRelays({});
    await createClient({ ...base, token: () => token }).listRelays({});
  }
  expect(owners).toEqual([true, false, false, true, false, false]);
});

test('requires the token for an event stream, too', async () => {
  const api = await openApi(
    {
      async *followEvents() {
        yield { id: 'ab:0', event: 'passed' };
      },
    },
    { auth: 'token', token: () => token },
  );
  expect((await api.follow('/events')).status).toBe(401);
  const stream = await api.follow('/events', { Authorization: `Bearer ${token}` });
  expect(stream.status).toBe(200);
  await stream.ended;
});
