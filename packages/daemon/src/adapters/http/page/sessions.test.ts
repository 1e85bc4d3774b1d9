import { createClient } from '@ocmesh/client';
import { dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';
import {
  type CallContext,
  callNames,
  type Handlers,
  type Operation,
  type OperationName,
  operations,
} from '@ocmesh/shared/contract';
import { until } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { hostileRequests } from '../../../../test/support/hostile-requests.ts';
import { openApi } from '../../../../test/support/http-api.ts';
import { plainRequest } from '../../../../test/support/plain-request.ts';
import { pageLimits } from './limits.ts';

const token = 't'.repeat(43);
const ofOwner = { Authorization: `Bearer ${token}` };
const names = Object.keys(operations) as OperationName[];
const ofCore = names.filter((name) => !(operations[name] as Operation).session);

async function openTarget(auth: 'none' | 'token' = 'none', others: Partial<Handlers> = {}) {
  const reached: string[] = [];
  const owners: unknown[] = [];
  const handlers = Object.fromEntries(
    callNames.map((name) => [
      name,
      async (_: unknown, context: { owner?: boolean }) => {
        reached.push(name);
        owners.push(context.owner);
        return 'page' in operations[name] ? { items: [], next_cursor: null } : { data: name };
      },
    ]),
  );
  const followEvents = async function* (_: unknown, { signal }: { signal: AbortSignal }) {
    reached.push('followEvents');
    yield { id: 'ab:0', event: 'reset', data: { reason: 'x' } } as never;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };
  const api = await openApi({ ...handlers, ...others, followEvents } as never, { auth, token: () => token });
  const origin = `http://${api.own}`;
  const page = { Origin: origin, 'Sec-Fetch-Site': 'same-origin' };

  const makeCode = async () =>
    (await api.post('/page/code', '', { ...ofOwner, 'Content-Type': '' })).json['code'] as string;
  const signInWith = (code: string, headers: Record<string, string> = page) =>
    api.post('/page/session', JSON.stringify({ code }), headers);
  /** Signs a tab in, and returns the headers of its calls. */
  async function signIn(cookie = '') {
    const { headers, json } = await signInWith(await makeCode(), { ...page, Cookie: cookie });
    const set = (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return { ...page, Cookie: set, 'ocmesh-page': json['key'] as string };
  }
  const isSignedIn = async (headers: Record<string, string>) =>
    (await api.get('/page/session', headers)).json['signed_in'];
  /** Calls each operation of the core with these headers. @returns the statuses */
  async function tryAll(headers: Record<string, string>) {
    const statuses = new Map<OperationName, number>();
    for (const name of ofCore) {
      const { method, path, body } = plainRequest(name);
      const typed =
        body === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(body.length) };
      const lines = Object.entries({ Host: api.own, ...typed, ...headers }).map(
        ([key, value]) => `${key}: ${value}`,
      );
      if (name === 'followEvents') {
        const stream = await api.follow(path, { Host: api.own, ...headers });
        statuses.set(name, stream.status);
        stream.disconnect();
      } else statuses.set(name, (await api.raw([`${method} ${path} HTTP/1.1`, ...lines], body ?? '')).status);
    }
    return statuses;
  }
  return { api, page, reached, owners, makeCode, signIn, signInWith, isSignedIn, tryAll };
}

const open = names.filter((name) => (operations[name] as Operation).open && ofCore.includes(name));

test('only the owner with the token itself gets a code', async () => {
  const { api, page, signIn } = await openTarget();
  const code = (headers: Record<string, string>) => api.post('/page/code', '{}', headers);
  const { status, json } = await code(ofOwner);
  expect([status, json]).toEqual([
    201,
    { code: expect.stringMatching(/^[0-9a-f]{32}$/), expires_in_seconds: 60 },
  ]);
  expect((await code({})).json['error']).toBe('owner_only');
  expect((await code(page)).json['error']).toBe('page_session_required');
  expect((await code({ ...ofOwner, 'ocmesh-caller': 'agent' })).json['error']).toBe('owner_only');
  expect((await code(await signIn())).json['error']).toBe('owner_only');
});

test('a code signs the page in, which is then the owner for every operation', async () => {
  for (const auth of ['none', 'token'] as const) {
    const { api, page, reached, owners, makeCode, signInWith, tryAll } = await openTarget(auth);
    const { status, headers, json } = await signInWith(await makeCode());
    expect([status, json]).toEqual([200, { key: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('set-cookie')).toMatch(
      new RegExp(`^ocmesh_session_${api.port}=[0-9a-f]{64}; HttpOnly; SameSite=Strict; Path=/$`),
    );
    const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
    const statuses = await tryAll({ ...page, Cookie: cookie, 'ocmesh-page': json['key'] as string });
    for (const [name, code] of statuses) expect([name, code < 300]).toEqual([name, true]);
    expect([...reached].sort()).toEqual([...ofCore].sort());
    expect(new Set(owners)).toEqual(new Set([true]));
  }
});

test('the typed client works for the page', async () => {
  const { api, page, makeCode, reached } = await openTarget('token');
  let cookie = '';
  let key = '';
  const client = createClient({
    baseUrl: () => `http://${api.own}`,
    // A browser adds these by itself, except for the key.
    async fetch(url, { method, headers, body = '' }) {
      const { pathname, search } = new URL(url);
      const sent = {
        Host: api.own,
        ...headers,
        ...page,
        Cookie: cookie,
        'ocmesh-page': key,
        'Content-Length': String(body.length),
      };
      const lines = Object.entries(sent).flatMap(([name, value]) =>
        value === '' ? [] : [`${name}: ${value}`],
      );
      const response = await api.raw([`${method} ${pathname}${search} HTTP/1.1`, ...lines], body);
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
      return {
        ...response,
        headers: { get: (name) => response.headers.get(name) ?? null },
        text: async () => response.text,
      };
    },
  });
  expect(await client.getPageSession({})).toEqual({ signed_in: false });
  ({ key } = await client.openPageSession({ code: await makeCode() }));
  expect(await client.getPageSession({})).toEqual({ signed_in: true });
  await client.setPolicy({ strangers: 'ask' });
  expect(reached).toEqual(['setPolicy']);
  await client.closePageSession({});
  await expect(client.getStatus({})).rejects.toMatchObject({ code: 'page_session_required' });
});

test('neither the cookie nor the key works without the other', async () => {
  for (const auth of ['none', 'token'] as const) {
    const { signIn, isSignedIn, tryAll, reached } = await openTarget(auth);
    const first = await signIn();
    const second = await signIn();
    const { 'ocmesh-page': key, ...cookieOnly } = first;
    const { Cookie, ...keyOnly } = first;
    const mixed = { ...first, Cookie: second.Cookie };
    const wrong = { ...first, 'ocmesh-page': `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}` };
    const otherPort = { ...first, Cookie: Cookie.replace(/_\d+=/, '_1=') };
    for (const headers of [cookieOnly, keyOnly, mixed, wrong, otherPort]) {
      expect(await isSignedIn(headers)).toBe(false);
      reached.length = 0;
      for (const [name, status] of await tryAll(headers))
        expect([name, status]).toEqual([name, open.includes(name) ? 200 : 401]);
      expect([...reached].sort()).toEqual([...open].sort());
    }
  }
});

test('a visitor without a session reads health only, and a program keeps what it had', async () => {
  const { page, tryAll, reached } = await openTarget();
  for (const headers of [
    page,
    { 'Sec-Fetch-Site': 'none' },
    { 'Sec-Fetch-Site': 'same-origin' },
    { Cookie: 'a=b' },
  ]) {
    reached.length = 0;
    await tryAll(headers as Record<string, string>);
    expect([...reached].sort()).toEqual([...open].sort());
  }
  expect(open).toEqual(['getHealth', 'prove']);
  reached.length = 0;
  // As Node's fetch sends it.
  await tryAll({ 'Sec-Fetch-Mode': 'cors' });
  expect(reached).toContain('getStatus');
  expect(reached).toContain('sendMessage');
});

test('both halves do not work from another page', async () => {
  const { api, signIn, reached, tryAll, isSignedIn } = await openTarget();
  const { Origin, 'Sec-Fetch-Site': site, ...halves } = await signIn();
  const foreign: Record<string, string>[] = [
    halves,
    { ...halves, Origin },
    { ...halves, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    { ...halves, Origin: `http://127.0.0.1:${api.port + 1}`, 'Sec-Fetch-Site': 'same-site' },
    { ...halves, Origin: `http://localhost:${api.port}`, 'Sec-Fetch-Site': site },
    { ...halves, Origin, 'Sec-Fetch-Site': 'none' },
    { ...halves, Origin: 'null', 'Sec-Fetch-Site': site },
  ];
  for (const headers of foreign) {
    reached.length = 0;
    await tryAll(headers);
    expect([headers, reached.filter((name) => !open.includes(name as OperationName))]).toEqual([headers, []]);
  }
  // Reading sends no Origin; changing something does.
  expect(await isSignedIn({ ...halves, 'Sec-Fetch-Site': site })).toBe(true);
  const { status } = await api.post('/messages/read', '{"all":true}', { ...halves, 'Sec-Fetch-Site': site });
  expect(status).toBe(401);
});

test.each(Object.entries(hostileRequests))('with a session, %s gets nothing', async (_, mutate) => {
  const { api, signIn, reached } = await openTarget();
  const session = await signIn();
  const halves = [`Cookie: ${session.Cookie}`, `ocmesh-page: ${session['ocmesh-page']}`];
  for (const name of ['getStatus', 'sendMessage', 'removeRelay', 'followEvents'] as const) {
    const { lines, body } = mutate(plainRequest(name), api.port);
    await api.raw([...lines, ...halves], body);
    expect([name, reached]).toEqual([name, []]);
  }
});

test('a code works once', async () => {
  const { makeCode, signInWith } = await openTarget();
  const code = await makeCode();
  expect((await signInWith(code)).status).toBe(200);
  const again = await signInWith(code);
  expect([again.status, again.json['error'], again.headers.has('set-cookie')]).toEqual([
    403,
    'page_code_wrong',
    false,
  ]);
});

test('a code works for a minute', async () => {
  const { api, makeCode, signInWith } = await openTarget();
  const [first, second, third] = [await makeCode(), await makeCode(), await makeCode()];
  await api.clock.advance(59_999);
  expect((await signInWith(first)).status).toBe(200);
  await api.clock.advance(1);
  expect((await signInWith(second)).json['error']).toBe('page_code_wrong');
  const late = await makeCode();
  // The machine sleeps: only one of its clocks goes on.
  api.clock.jump(61_000);
  expect([(await signInWith(late)).status, (await signInWith(third)).status]).toEqual([403, 403]);
});

test('a new code ends the oldest beyond eight', async () => {
  const { makeCode, signInWith } = await openTarget();
  const codes: string[] = [];
  for (let i = 0; i <= pageLimits.codes; i++) codes.push(await makeCode());
  expect((await signInWith(codes[0] ?? '')).status).toBe(403);
  expect((await signInWith(codes[1] ?? '')).status).toBe(200);
});

test('only our own page can use a code, and a refused attempt does not use it up', async () => {
  const { api, page, makeCode, signInWith } = await openTarget();
  const code = await makeCode();
  const foreign: Record<string, string>[] = [
    {},
    { Origin: page.Origin },
    { 'Sec-Fetch-Site': 'same-origin' },
    { ...page, Origin: `http://localhost:${api.port}` },
    { ...page, Origin: 'https://evil.example' },
    { ...page, 'Sec-Fetch-Site': 'cross-site' },
    { ...page, 'Sec-Fetch-Site': 'same-site' },
    { ...page, 'Sec-Fetch-Site': 'none' },
    { ...page, Host: `evil.example:${api.port}` },
    { ...page, 'Content-Type': 'text/plain' },
    { ...page, 'Content-Type': 'application/x-www-form-urlencoded' },
  ];
  for (const headers of foreign) {
    const { status, headers: got } = await signInWith(code, headers);
    expect([headers, status >= 400, got.has('set-cookie')]).toEqual([headers, true, false]);
  }
  for (const body of [
    '{}',
    '{"code":5}',
    `{"code":"${code}","x":1}`,
    '{"code":"../x"}',
    `{"code":["${code}"]}`,
  ])
    expect((await api.post('/page/session', body, page)).status).toBe(400);
  expect((await signInWith(code)).status).toBe(200);
});

test('1,000 wrong codes have to wait, are logged once, and do not stop the right one', async () => {
  const { api, makeCode, signInWith } = await openTarget();
  const outcomes = new Map<unknown, number>();
  for (let i = 0; i < 1_000; i++) {
    const { json, headers } = await signInWith(`${i}`.padStart(32, 'a'));
    outcomes.set(json['error'], (outcomes.get(json['error']) ?? 0) + 1);
    if (json['error'] === 'too_many_wrong_codes') expect(headers.get('retry-after')).toBe('60');
  }
  expect(Object.fromEntries(outcomes)).toEqual({
    page_code_wrong: pageLimits.wrongCodesPerMinute,
    too_many_wrong_codes: 1_000 - pageLimits.wrongCodesPerMinute,
  });
  expect(api.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect((await signInWith(await makeCode())).status).toBe(200);
  await api.clock.advance(minuteMs);
  expect((await signInWith('b'.repeat(32))).json['error']).toBe('page_code_wrong');
});

test('no code, cookie or key is logged', async () => {
  const { api, makeCode, signInWith } = await openTarget();
  const code = await makeCode();
  const { headers, json } = await signInWith(code);
  await signInWith('c'.repeat(32));
  const cookie = /=([0-9a-f]{64})/.exec(headers.get('set-cookie') ?? '')?.[1] ?? '';
  const log = JSON.stringify(api.log.lines);
  for (const secret of [code, cookie, json['key'] as string, 'c'.repeat(32)])
    expect(log).not.toContain(secret);
});

test('codes and sessions are of one run of the daemon', async () => {
  const before = await openTarget();
  const [code, session] = [await before.makeCode(), await before.signIn()];
  const after = await openTarget();
  const Cookie = session.Cookie.replace(/_\d+=/, `_${after.api.port}=`);
  expect(await after.isSignedIn({ ...session, ...after.page, Cookie })).toBe(false);
  expect((await after.signInWith(code)).json['error']).toBe('page_code_wrong');
});

test('a second tab needs its own code; then both work, and signing out ends both', async () => {
  const { api, signIn, isSignedIn } = await openTarget();
  const first = await signIn();
  const { 'ocmesh-page': _, ...newTab } = first;
  expect(await isSignedIn(newTab)).toBe(false);
  const second = await signIn(first.Cookie);
  expect(second.Cookie).toBe(first.Cookie);
  expect(second['ocmesh-page']).not.toBe(first['ocmesh-page']);
  const otherBrowser = await signIn();
  expect([await isSignedIn(first), await isSignedIn(second), await isSignedIn(otherBrowser)]).toEqual([
    true,
    true,
    true,
  ]);
  const { headers } = await api.remove('/page/session', first);
  expect(headers.get('set-cookie')).toMatch(/=; HttpOnly; SameSite=Strict; Path=\/; Max-Age=0$/);
  expect([await isSignedIn(first), await isSignedIn(second), await isSignedIn(otherBrowser)]).toEqual([
    false,
    false,
    true,
  ]);
});

test('a cookie that another port made up is not taken over', async () => {
  const { api, signIn, isSignedIn } = await openTarget();
  const planted = `ocmesh_session_${api.port}=${'e'.repeat(64)}`;
  const session = await signIn(planted);
  expect(session.Cookie).not.toContain('eeee');
  // It may also be sent before ours.
  expect(await isSignedIn({ ...session, Cookie: `${planted}; ${session.Cookie}` })).toBe(true);
});

test('signing out without a session ends nothing', async () => {
  const { api, page, signIn, isSignedIn } = await openTarget();
  const session = await signIn();
  const { 'ocmesh-page': _, ...cookieOnly } = session;
  for (const headers of [page, cookieOnly, {}]) {
    const { status, headers: got } = await api.remove('/page/session', headers as Record<string, string>);
    expect([status, got.has('set-cookie')]).toEqual([200, false]);
  }
  expect(await isSignedIn(session)).toBe(true);
});

test('an event stream needs both halves, and ends with the session', async () => {
  const { api, signIn, reached } = await openTarget();
  const session = await signIn();
  const { 'ocmesh-page': _, ...cookieOnly } = session;
  expect((await api.follow('/events', { Host: api.own, ...cookieOnly })).status).toBe(401);
  expect(reached).toEqual([]);
  const stream = await api.follow('/events', { Host: api.own, ...session });
  await stream.received('event: reset');
  await api.remove('/page/session', session);
  await stream.ended;
});

test('a call that waits ends with the session', async () => {
  const waits: unknown[] = [];
  async function waitForMessages(_: unknown, { signal }: CallContext = {}) {
    waits.push(signal);
    await new Promise<void>((resolve) => signal?.addEventListener('abort', resolve));
    return { data: 'aborted' } as never;
  }
  const { api, signIn } = await openTarget('none', { waitForMessages });
  const session = await signIn();
  const response = api.get('/messages/wait', session);
  await until(() => waits.length > 0);
  await api.remove('/page/session', session);
  expect((await response).json).toEqual({ data: 'aborted' });
});

test('a session ends after twelve idle hours, after a week, and with its streams', async () => {
  const { api, signIn, isSignedIn } = await openTarget();
  const [idle, used] = [await signIn(), await signIn()];
  const stream = await api.follow('/events', { Host: api.own, ...idle });
  await stream.received('event: reset');
  for (let hours = 0; hours < 11; hours++) await api.clock.advance(hourMs);
  expect(await isSignedIn(used)).toBe(true);
  await api.clock.advance(hourMs);
  await stream.ended;
  expect([await isSignedIn(idle), await isSignedIn(used)]).toEqual([false, true]);
  for (let passed = 12 * hourMs; passed < 7 * dayMs; passed += 6 * hourMs) {
    expect(await isSignedIn(used)).toBe(true);
    await api.clock.advance(6 * hourMs);
  }
  expect(await isSignedIn(used)).toBe(false);
  const asleep = await signIn();
  api.clock.jump(13 * hourMs);
  expect(await isSignedIn(asleep)).toBe(false);
});

test('a further session ends the one that was used longest ago', async () => {
  const { signIn, isSignedIn } = await openTarget();
  const [first, second] = [await signIn(), await signIn()];
  await isSignedIn(first);
  for (let i = 2; i <= pageLimits.sessions; i++) await signIn();
  expect([await isSignedIn(first), await isSignedIn(second)]).toEqual([true, false]);
});

test('tells the owner how many sessions were opened', async () => {
  const { api, signIn } = await openTarget();
  const opened = async () => (await api.get('/page/session', ofOwner)).json;
  expect(await opened()).toEqual({ signed_in: false, opened: 0 });
  const session = await signIn();
  expect(await opened()).toEqual({ signed_in: false, opened: 1 });
  expect((await api.get('/page/session', session)).json).toEqual({ signed_in: true });
  expect((await api.get('/page/session')).json).toEqual({ signed_in: false });
});
