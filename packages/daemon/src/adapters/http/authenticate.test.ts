import type { IncomingMessage } from 'node:http';
import { createClient } from '@ocmesh/client';
import { callerHeader, type Operation, operations } from '@ocmesh/shared/contract';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';
import { type CallerOptions, createCallerCheck } from './authenticate.ts';
import { httpLimits } from './limits.ts';

const token = 'a'.repeat(43);
const forOwner: Operation = { ...operations.addRelay, owner: true };
const forAll: Operation = operations.listRelays;

function openDoor(auth: CallerOptions['auth'] = 'none', current: () => string | null = () => token) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const check = createCallerCheck({ auth, token: current }, { clock, log });
  /** What a call with these headers is taken for: the owner or not, or the code that refuses it. */
  function call(row: Operation, ...headers: [name: string, value: string][]): boolean | string {
    try {
      return check({ rawHeaders: headers.flat() } as IncomingMessage, row).owner;
    } catch (error) {
      return (error as { code: string }).code;
    }
  }
  return { clock, log, call };
}

const bearer = (value: string): [string, string] => ['Authorization', `Bearer ${value}`];

test('without a token everybody may call, but nobody is the owner', () => {
  const { call } = openDoor();
  expect([call(forAll), call(forOwner)]).toEqual([false, 'owner_only']);
});

test('who shows the token is the owner', () => {
  for (const auth of ['none', 'token'] as const) {
    const { call } = openDoor(auth);
    expect([call(forAll, bearer(token)), call(forOwner, bearer(token))]).toEqual([true, true]);
    expect(call(forOwner, ['authorization', `bearer  ${token}`])).toBe(true);
  }
});

test('who acts for an agent is not the owner, whatever token it shows', () => {
  for (const auth of ['none', 'token'] as const) {
    const { call } = openDoor(auth);
    const agent: [string, string] = [callerHeader, 'agent'];
    expect([call(forAll, bearer(token), agent), call(forOwner, bearer(token), agent)]).toEqual([
      false,
      'owner_only',
    ]);
  }
});

test('where a token is asked for, only a service manager does without', () => {
  const { call } = openDoor('token');
  expect([call(forAll), call(forOwner), call(operations.getHealth)]).toEqual([
    'token_required',
    'token_required',
    false,
  ]);
});

test.each([
  ['another one', [bearer('b'.repeat(43))]],
  ['the beginning of it', [bearer(token.slice(1))]],
  ['more than it', [bearer(`${token}a`)]],
  ['none', [['Authorization', 'Bearer ']]],
  ['another scheme', [['Authorization', `Basic ${token}`]]],
  ['no scheme', [['Authorization', token]]],
  ['two of them', [bearer(token), bearer(token)]],
  ['two in one', [bearer(`${token}, Bearer ${token}`)]],
] as [string, [string, string][]][])(
  'a header with %s is refused, whether one is asked for or not',
  (_, headers) => {
    for (const auth of ['none', 'token'] as const) {
      const { call } = openDoor(auth);
      for (const row of [forAll, forOwner, operations.getHealth])
        expect(call(row, ...headers)).toBe('token_wrong');
    }
  },
);

test('while there is no token nobody passes', () => {
  const { call } = openDoor('token', () => null);
  for (const shown of ['', 'null', 'undefined', token])
    expect(call(forAll, bearer(shown))).toBe('token_wrong');
});

test('a new token counts at once, and the old one no more', () => {
  let current = token;
  const { call } = openDoor('token', () => current);
  expect(call(forAll, bearer(token))).toBe(true);
  current = 'n'.repeat(43);
  expect([call(forAll, bearer(token)), call(forAll, bearer(current))]).toEqual(['token_wrong', true]);
});

test('10,000 wrong tokens are told to wait after ten a minute, one log line tells of them, and the right one passes', async () => {
  const { call, clock, log } = openDoor('token');
  const answers = new Map<unknown, number>();
  for (let i = 0; i < 10_000; i++) {
    const answer = call(forAll, bearer(`${i}`.padStart(43, 'x')));
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    if (i % 100 === 0) expect(call(forAll, bearer(token))).toBe(true);
  }
  expect(Object.fromEntries(answers)).toEqual({
    token_wrong: httpLimits.wrongTokensPerMinute,
    too_many_wrong_tokens: 10_000 - httpLimits.wrongTokensPerMinute,
  });
  expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect(JSON.stringify(log.lines)).not.toContain('xxx');
  await clock.advance(60_000);
  expect(call(forAll, bearer('x'))).toBe('token_wrong');
});

test('over HTTP: 401 with its challenge, 429 with its time, and nothing of the body is looked at before', async () => {
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

test('what has no route is no attempt', async () => {
  const api = await openApi({}, { auth: 'token', token: () => token });
  for (let i = 0; i < 2 * httpLimits.wrongTokensPerMinute; i++) {
    expect((await api.get('/nothing', { Authorization: 'Bearer x' })).status).toBe(404);
    expect((await api.remove('/send', { Authorization: 'Bearer x' })).status).toBe(405);
  }
  expect((await api.get('/status', { Authorization: 'Bearer x' })).json['error']).toBe('token_wrong');
});

test('the handler learns whether the owner calls, and our clients know what to show', async () => {
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

test('a stream of events needs the token like everything else', async () => {
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
