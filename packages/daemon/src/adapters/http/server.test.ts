import { createClient } from '@ocmesh/client';
import type { Handlers, Message, RelayDetails } from '@ocmesh/shared/contract';
import { errorCatalogue, OcmeshError } from '@ocmesh/shared/contract';
import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';
import { createSignal } from '../../../test/support/signal.ts';
import { listen } from './server.ts';

const pubkey = 'ab'.repeat(32);
const sent = { id: 'mid', to: pubkey, timestamp: '2026-01-01T00:00:00.000Z', state: 'queued' as const };
const sendMessage: Handlers['sendMessage'] = async () => sent as never;

test('passes path, query, body and header to the handler as one input', async () => {
  const api = await openApi({
    sendMessage,
    getPeer: async () => ({}) as never,
    listMessages: async () => ({ items: [], next_cursor: null }),
  });
  await api.get(`/peers/${pubkey}`);
  await api.get('/messages?unread=true&limit=5&q=a%20b%26c');
  await api.post('/send', JSON.stringify({ to: pubkey, content: 'héllo 👋' }), { 'Idempotency-Key': 'k-1' });
  expect(api.calls).toEqual([
    ['getPeer', { pubkey }],
    ['listMessages', { unread: true, limit: 5, q: 'a b&c' }],
    ['sendMessage', { to: pubkey, content: 'héllo 👋', idempotency_key: 'k-1' }],
  ]);
});

test('reads the fields of a DELETE from the query, on a path that also serves other methods', async () => {
  const api = await openApi({ removeRelay: async () => [], addRelay: async () => ({}) as never });
  const url = 'wss://a.test/x?y=1&z=%20';
  expect((await api.remove(`/relays?url=${encodeURIComponent(url)}`)).json).toEqual([]);
  expect((await api.remove('/relays')).status).toBe(400);
  expect((await api.remove('/relays?url=a&url=b')).status).toBe(400);
  expect((await api.remove('/peers')).json['error']).toBe('method_not_allowed');
  expect(api.calls).toEqual([['removeRelay', { url }]]);
});

test('responds with 201 when something was added', async () => {
  const api = await openApi({ addRelay: async () => ({}) as never, addPeer: async () => ({}) as never });
  expect((await api.post('/relays', '{"url":"wss://a.test"}')).status).toBe(201);
  expect((await api.post('/peers', `{"pubkey":"${pubkey}"}`)).status).toBe(201);
});

describe('an idempotency key', () => {
  const send = { to: pubkey, content: 'x' };
  const withKey = { ...send, idempotency_key: 'clé 🗝' };

  test.each([
    ['in the body', withKey, {}],
    ['in the header, as UTF-8', send, { 'Idempotency-Key': Buffer.from('clé 🗝').toString('latin1') }],
    ['in both', withKey, { 'Idempotency-Key': Buffer.from('clé 🗝').toString('latin1') }],
  ])('%s is the same key', async (_, body, headers) => {
    const api = await openApi({ sendMessage });
    const { status } = await api.post('/send', JSON.stringify(body), headers);
    expect(status).toBe(200);
    expect(api.calls).toEqual([['sendMessage', withKey]]);
  });

  test('in Latin-1 is read as Latin-1', async () => {
    const api = await openApi({ sendMessage });
    await api.post('/send', JSON.stringify(send), { 'Idempotency-Key': 'clé' });
    expect(api.calls).toEqual([['sendMessage', { ...send, idempotency_key: 'clé' }]]);
  });

  test.each([
    ['an empty header', send, ['Idempotency-Key:']],
    ['a blank header', send, ['Idempotency-Key:   ']],
    ['two headers', send, ['Idempotency-Key: a', 'Idempotency-Key: b']],
    ['a header that differs from the field', { ...send, idempotency_key: 'a' }, ['Idempotency-Key: b']],
    ['an empty field', { ...send, idempotency_key: '' }, []],
    ['a field that is no text', { ...send, idempotency_key: 7 }, []],
    ['a long header', send, [`Idempotency-Key: ${'k'.repeat(129)}`]],
  ])('is refused as %s, never ignored', async (_, fields, headers) => {
    const api = await openApi({ sendMessage });
    const body = JSON.stringify(fields);
    const { status, json } = await api.raw(
      [
        'POST /send HTTP/1.1',
        `Host: ${api.own}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        ...headers,
      ],
      body,
    );
    expect([status, json['error']]).toEqual([400, 'invalid_request']);
    expect(api.calls).toEqual([]);
  });
});

describe('bytes that are not UTF-8', () => {
  test.each([
    ['Latin-1', Buffer.from('caf\xe9', 'latin1')],
    ['half a character', Buffer.from([0xf0, 0x9f, 0x98])],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
    ['a long form', Buffer.from([0xc0, 0xaf])],
  ])('in a body are refused: %s', async (_, content) => {
    const api = await openApi({ sendMessage });
    const body = Buffer.concat([Buffer.from(`{"to":"${pubkey}","content":"`), content, Buffer.from('"}')]);
    const { status, json } = await api.post('/send', body);
    expect([status, json['error'], json['problem']]).toEqual([400, 'invalid_request', 'not_utf8']);
    expect(api.calls).toEqual([]);
  });

  test('in a query are refused', async () => {
    const api = await openApi({ listMessages: async () => ({ items: [], next_cursor: '7' }) });
    for (const query of ['q=caf%e9', 'q=%ED%A0%80', '%ff=1'])
      expect([query, (await api.get(`/messages?${query}`)).json['problem']]).toEqual([query, 'not_utf8']);
    expect(api.calls).toEqual([]);
    await api.get('/messages?q=caf%C3%A9');
    await api.get('/messages?q=100%');
    expect(api.calls.map(([, input]) => input)).toEqual([{ q: 'café' }, { q: '100%' }]);
  });
});

test.each([
  ['/nothing', 404, 'not_found'],
  ['/', 404, 'not_found'],
  ['/Status', 404, 'not_found'],
  ['/status/', 404, 'not_found'],
  ['/send', 405, 'method_not_allowed'],
  ['/status?verbose=1', 400, 'invalid_request'],
  ['/peers?online=maybe', 400, 'invalid_request'],
  ['/peers?online=true&online=false', 400, 'invalid_request'],
  ['/peers?limit=0', 400, 'invalid_request'],
  ['/peers?limit=1001', 400, 'invalid_request'],
  ['/peers?limit=ten', 400, 'invalid_request'],
  ['/peers?limit=1.5', 400, 'invalid_request'],
  ['/peers?limit=', 400, 'invalid_request'],
  ['/peers?cursor=1', 400, 'invalid_request'],
  ['/peers?__proto__=1', 400, 'invalid_request'],
  ['/messages?after=-1', 400, 'invalid_request'],
  ['/messages/wait?timeout_s=56', 400, 'invalid_request'],
])('refuses GET %s with %i %s', async (path, status, error) => {
  const api = await openApi();
  const { status: actual, json } = await api.get(path);
  expect([actual, json['error']]).toEqual([status, error]);
  expect(api.calls).toEqual([]);
});

test('does not take a path that cannot be decoded for an internal error', async () => {
  const unknown = async (): Promise<never> => {
    throw new OcmeshError('not_found');
  };
  const api = await openApi({ getPeer: unknown, getMessage: unknown });
  for (const path of ['/peers/%', '/peers/%zz', '/messages/%E0%A4%A', '/%']) {
    expect([400, 404]).toContain((await api.get(path)).status);
  }
  expect(api.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test.each([
  ['{', 400, 'invalid_json'],
  ['nonsense', 400, 'invalid_json'],
  ['{"to":"x","content":"y"}}', 400, 'invalid_json'],
  ['[]', 400, 'invalid_request'],
  ['null', 400, 'invalid_request'],
  ['"text"', 400, 'invalid_request'],
  ['{}', 400, 'invalid_request'],
  ['{"to":"x"}', 400, 'invalid_request'],
  ['{"to":"x","content":""}', 400, 'invalid_request'],
  ['{"to":"x","content":5}', 400, 'invalid_request'],
  ['{"to":"x","content":"y","extra":1}', 400, 'invalid_request'],
  ['{"to":"x","content":"y","__proto__":{"type":"task"}}', 400, 'invalid_request'],
  [JSON.stringify({ to: 'x', content: '👋'.repeat(4097) }), 413, 'content_too_large'],
  [JSON.stringify({ to: 'x', content: 'y', expires_in_s: 0 }), 400, 'invalid_request'],
])('refuses POST /send of %s with %i %s', async (body, status, error) => {
  const api = await openApi({ sendMessage });
  const { status: actual, json } = await api.post('/send', body);
  expect([actual, json['error']]).toEqual([status, error]);
  expect(api.calls).toEqual([]);
});

test('gives a specific next step for an invalid request without details', async () => {
  const api = await openApi({ sendMessage });
  const get = ['GET /status HTTP/1.1', `Host: ${api.own}`];
  const responses = await Promise.all([
    api.raw(['GET //status HTTP/1.1', `Host: ${api.own}`]),
    api.raw([...get, 'X-HTTP-Method-Override: DELETE']),
    api.raw(['no HTTP at all']),
    api.post('/send', '[]'),
  ]);
  for (const { json } of responses) {
    expect(json).toMatchObject({ error: 'invalid_request', hint: expect.not.stringContaining('details') });
    expect(json).not.toHaveProperty('details');
  }
  expect((await api.post('/send', '{}')).json).toMatchObject({
    hint: expect.stringContaining('details'),
    details: expect.anything(),
  });
});

test('accepts 4096 characters of four bytes as it does 4096 letters', async () => {
  const api = await openApi({ sendMessage });
  expect((await api.post('/send', JSON.stringify({ to: pubkey, content: '👋'.repeat(4096) }))).status).toBe(
    200,
  );
});

test('refuses a body over 64 KiB with and without Content-Length', async () => {
  const api = await openApi({ sendMessage });
  const body = JSON.stringify({ to: pubkey, content: 'x', data: { x: 'y'.repeat(65_536) } });
  const sized = await api.post('/send', body);
  expect([sized.status, sized.json['error'], sized.headers.get('connection')]).toEqual([
    413,
    'body_too_large',
    'close',
  ]);
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const unsized = await api.post('/send', chunked, { 'Content-Length': '', 'Transfer-Encoding': 'chunked' });
  expect(unsized.status).toBe(413);
  expect(api.calls).toEqual([]);
});

test('lets a client that sends a megabyte at once read why it was refused', async () => {
  const api = await openApi({ sendMessage });
  const body = JSON.stringify({ to: pubkey, content: 'x'.repeat(1_000_000) });
  for (let i = 0; i < 10; i++) {
    const response = await fetch(`http://${api.own}/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([
      413,
      'body_too_large',
    ]);
  }
});

test('sends code, message, hint and request id with every error, and no internals', async () => {
  const api = await openApi({
    getStatus: async () => {
      throw new Error('secret internals');
    },
  });
  for (const [path, error] of [
    ['/nothing', 'not_found'],
    ['/status', 'internal'],
    ['/peers?x=1', 'invalid_request'],
  ] as const) {
    const { json, text, headers } = await api.get(path);
    expect(json).toMatchObject({
      error,
      message: expect.any(String),
      hint: expect.any(String),
      request_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(text).not.toMatch(/secret internals|\.ts|\.js|at .*:\d+/);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
  }
});

test('logs an internal error once, with the request id that the client got', async () => {
  const api = await openApi({
    getStatus: async () => {
      throw new TypeError('secret internals');
    },
  });
  const { status, json } = await api.get('/status');
  expect(status).toBe(500);
  expect(api.log.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { request_id: json['request_id'], stack: expect.stringContaining('secret internals') } },
  ]);
});

test('treats a response that cannot be serialized as an internal error', async () => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  const api = await openApi({ listRelays: async () => deep });
  const { status, json } = await api.get('/relays');
  expect([status, json['error']]).toEqual([500, 'internal']);
});

test.each(Object.entries(errorCatalogue))('sends %s with its status', async (code, { status }) => {
  const api = await openApi({
    getIdentity: async () => {
      throw new OcmeshError(code as keyof typeof errorCatalogue);
    },
  });
  expect((await api.get('/identity')).status).toBe(status);
});

test('sends an error with another status where the operation says so', async () => {
  const fail = async (): Promise<never> => {
    throw new OcmeshError('peer_unknown');
  };
  const api = await openApi({ getPeer: fail, sendMessage: fail });
  expect((await api.get(`/peers/${pubkey}`)).status).toBe(404);
  expect((await api.post('/send', JSON.stringify({ to: pubkey, content: 'x' }))).status).toBe(400);
});

test('sends Retry-After', async () => {
  const api = await openApi({
    waitForMessages: async () => {
      throw new OcmeshError('too_many_waiters', { retryAfterSeconds: 5 });
    },
  });
  const { status, headers } = await api.get('/messages/wait');
  expect([status, headers.get('retry-after')]).toEqual([429, '5']);
});

test('sends a degraded status with 503 and the same body', async () => {
  for (const degraded of [true, false]) {
    const api = await openApi({ getStatus: async () => ({ degraded, pubkey, reasons: [] }) as never });
    const { status, json } = await api.get('/status');
    expect([status, json]).toEqual([degraded ? 503 : 200, { degraded, pubkey, reasons: [] }]);
  }
});

test('returns every row once through Link, which keeps the other fields', async () => {
  const rows = Array.from({ length: 7 }, (_, index) => ({ id: `m${index}` }) as Message);
  const api = await openApi({
    listMessages: async ({ cursor = '0', limit = 3 }) => {
      const start = Number(cursor);
      const next = start + limit;
      return { items: rows.slice(start, next), next_cursor: next < rows.length ? String(next) : null };
    },
  });
  const ids: unknown[] = [];
  let path: string | undefined = '/messages?q=a%26b+%C3%A9&limit=3';
  while (path) {
    const { json, headers } = await api.get(path);
    ids.push(...(json as unknown as Message[]).map(({ id }) => id));
    path = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
  }
  expect(ids).toEqual(rows.map(({ id }) => id));
  expect(api.calls.map(([, input]) => input)).toEqual([
    { q: 'a&b é', limit: 3 },
    { q: 'a&b é', limit: 3, cursor: '3' },
    { q: 'a&b é', limit: 3, cursor: '6' },
  ]);
});

test('numbers about a list travel in headers, and the typed client reads them', async () => {
  const counts = { known: 49, announcing: 48, matching: 3 };
  const api = await openApi({
    listPeers: async ({ can }) => ({
      items: [],
      next_cursor: null,
      ...(can === undefined ? {} : { counts }),
    }),
  });
  const client = createClient({ baseUrl: () => `http://${api.own}`, fetch });
  expect(await client.listPeers({ can: 'Météo à Lisbonne' })).toEqual({
    items: [],
    next_cursor: null,
    counts,
  });
  expect(await client.listPeers({})).toEqual({ items: [], next_cursor: null });
  expect(api.calls.map(([, input]) => input)).toEqual([{ can: 'Météo à Lisbonne' }, {}]);
});

test('when the relays were asked for a list travels in headers, and the typed client reads it', async () => {
  const asked = { relays: 3, as_of: '2027-01-01T00:00:00.000Z' };
  const api = await openApi({ listPeers: async () => ({ items: [], next_cursor: null, asked }) });
  const client = createClient({ baseUrl: () => `http://${api.own}`, fetch });
  expect(await client.listPeers({ q: 'bob' })).toEqual({ items: [], next_cursor: null, asked });
  expect((await api.get('/peers?q=bob')).headers.get('ocmesh-asked')).toBe('3');
});

test('works with the typed client', async () => {
  const api = await openApi({
    sendMessage,
    getStatus: async () => ({ degraded: true, pubkey }) as never,
    listPeers: async ({ cursor }) => ({ items: [], next_cursor: cursor ? null : `5-${pubkey}` }),
    removeRelay: async ({ url }) => [{ url } as RelayDetails],
    getMessage: async () => {
      throw new OcmeshError('message_unknown', { details: { id: 'x' } });
    },
  });
  const client = createClient({ baseUrl: () => `http://${api.own}`, fetch });
  expect(await client.sendMessage({ to: pubkey, content: 'x', idempotency_key: 'k' })).toEqual(sent);
  expect(await client.getStatus({})).toEqual({ degraded: true, pubkey });
  expect(await client.listPeers({ q: 'a&b' })).toEqual({ items: [], next_cursor: `5-${pubkey}` });
  expect(await client.listPeers({ cursor: `5-${pubkey}` })).toMatchObject({ next_cursor: null });
  expect(await client.removeRelay({ url: 'wss://a.test/?x=1&y=2#z' })).toEqual([
    { url: 'wss://a.test/?x=1&y=2#z' },
  ]);
  await expect(client.getMessage({ id: 'a/b?c' })).rejects.toMatchObject({
    code: 'message_unknown',
    details: { id: 'x' },
  });
  expect(api.calls.at(-1)).toEqual(['getMessage', { id: 'a/b?c' }]);
});

test('tells the handler when the client disconnects', async () => {
  const disconnected = createSignal();
  const arrived = createSignal();
  const api = await openApi({
    waitForMessages: (_, context) =>
      new Promise((resolve) => {
        context?.signal?.addEventListener('abort', () => {
          disconnected.fire();
          resolve({ messages: [], cursor: '0', timed_out: true });
        });
        arrived.fire();
      }),
  });
  const controller = new AbortController();
  const call = fetch(`http://${api.own}/messages/wait`, { signal: controller.signal }).catch(() => null);
  await arrived.fired;
  controller.abort();
  await disconnected.fired;
  await call;
});

test('rejects with EADDRINUSE for a port in use', async () => {
  const api = await openApi();
  const deps = { clock: createFakeClock(), random: createSeededRandom(2), log: createRecordingLog() };
  await expect(
    listen(api.port, {} as never, deps, { auth: 'none', token: () => null }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('responds to running requests while it closes, and accepts no new ones', async () => {
  let respondNow = (): void => {};
  const arrived = createSignal();
  const api = await openApi({
    getHealth: () =>
      new Promise((resolve) => {
        respondNow = () => resolve({ ok: true });
        arrived.fire();
      }),
  });
  const running = api.get('/healthz');
  await arrived.fired;
  const closed = api.server.close();
  await expect(api.get('/healthz')).rejects.toThrow();
  respondNow();
  expect((await running).status).toBe(200);
  await closed;
});

test('sends text as it is, with its own type', async () => {
  const api = await openApi({ getMetrics: async () => 'ocmesh_degraded 0\n' });
  const response = await api.get('/metrics');
  expect(response.text).toBe('ocmesh_degraded 0\n');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect((await api.get('/metrics?x=1')).json['error']).toBe('invalid_request');
});
