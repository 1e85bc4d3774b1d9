import { errorCatalogue, OcmeshError, operations } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { createClient, withToken } from './client.ts';

interface Sent {
  url: string;
  init: { method: string; headers: Record<string, string>; body?: string; signal?: unknown };
}

/** A client with a daemon that sends this response. */
function clientWith(status: number, body: unknown, headers: Record<string, string> = {}) {
  const sent: Sent[] = [];
  const client = createClient({
    baseUrl: () => 'http://127.0.0.1:7432',
    async fetch(url, init) {
      sent.push({ url, init });
      return {
        status,
        headers: { get: (name) => headers[name] ?? null },
        text: async () => (typeof body === 'string' ? body : JSON.stringify(body)),
      };
    },
  });
  return { client, sent };
}

test('puts fields into path, query, header and body', async () => {
  const { client, sent } = clientWith(200, {});
  await client.getPeer({ pubkey: 'a/b?c#d' });
  await client.listPeers({ online: true, q: 'a&b=c é' });
  await client.sendMessage({ to: 'x', content: 'y', idempotency_key: 'k' });
  await client.markRead({ all: true });
  await client.addRelay({ url: 'wss://a.test' });
  await client.removeRelay({ url: 'wss://a.test/?x=1' });
  expect(sent.map(({ url, init: { method, body } }) => [method, url, body])).toEqual([
    ['GET', 'http://127.0.0.1:7432/peers/a%2Fb%3Fc%23d', undefined],
    ['GET', 'http://127.0.0.1:7432/peers?online=true&q=a%26b%3Dc%20%C3%A9', undefined],
    ['POST', 'http://127.0.0.1:7432/send', '{"to":"x","content":"y"}'],
    ['POST', 'http://127.0.0.1:7432/messages/read', '{"all":true}'],
    ['POST', 'http://127.0.0.1:7432/relays', '{"url":"wss://a.test"}'],
    ['DELETE', 'http://127.0.0.1:7432/relays?url=wss%3A%2F%2Fa.test%2F%3Fx%3D1', undefined],
  ]);
  expect(sent[2]?.init.headers).toMatchObject({ 'idempotency-key': 'k', 'content-type': 'application/json' });
});

test('what a header cannot hold travels in the body', async () => {
  const { client, sent } = clientWith(200, {});
  for (const idempotency_key of ['clé', 'ключ', '🗝', ' k', 'k\n', ''])
    await client.sendMessage({ to: 'x', content: 'y', idempotency_key });
  for (const { init } of sent) expect(init.headers).not.toHaveProperty('idempotency-key');
  expect(sent.map(({ init }) => JSON.parse(init.body ?? '').idempotency_key)).toEqual([
    'clé',
    'ключ',
    '🗝',
    ' k',
    'k\n',
    '',
  ]);
});

test('half a character in a query is the caller’s mistake', async () => {
  const { client, sent } = clientWith(200, []);
  await expect(client.listMessages({ q: 'a\ud800' })).rejects.toMatchObject({ code: 'invalid_request' });
  expect(sent).toEqual([]);
});

test.each(['.', '..', '', '\ud800'])(
  'refuses %j in a path: it would lead to another operation',
  async (pubkey) => {
    const { client, sent } = clientWith(200, {});
    await expect(client.updatePeer({ pubkey, trust: 'blocked' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(sent).toEqual([]);
  },
);

test('looks up the address for each call', async () => {
  let port = 1;
  const urls: string[] = [];
  const client = createClient({
    baseUrl: async () => `http://127.0.0.1:${port++}`,
    async fetch(url) {
      urls.push(url);
      return { status: 200, headers: { get: () => null }, text: async () => '{"ok":true}' };
    },
  });
  await client.getHealth({});
  await client.getHealth({});
  expect(urls).toEqual(['http://127.0.0.1:1/healthz', 'http://127.0.0.1:2/healthz']);
});

test.each(Object.entries(errorCatalogue))(
  'rejects with the daemon’s %s unchanged',
  async (code, { status }) => {
    const problem = 'reserved_type';
    const body = { error: code, message: 'm', hint: 'h', problem, request_id: 'r', details: { field: 'x' } };
    const error = await clientWith(status, body)
      .client.getIdentity({})
      .catch((each) => each);
    expect(error).toBeInstanceOf(OcmeshError);
    expect(error).toMatchObject({ code, message: 'm', problem, details: { field: 'x' } });
  },
);

test('an unknown code of a newer daemon becomes internal, with its message', async () => {
  const error = { error: 'teapot', message: 'short and stout', hint: 'tip me', problem: 'spout' };
  const { client } = clientWith(418, error);
  await expect(client.getIdentity({})).rejects.toMatchObject({
    code: 'internal',
    message: 'short and stout',
    problem: undefined,
  });
});

test('a degraded status is a success', async () => {
  const status = { degraded: true, reasons: [] };
  expect(await clientWith(503, status).client.getStatus({})).toEqual(status);
});

test.each([
  [200, '<html>'],
  [200, ''],
  [404, '{}'],
  [500, 'oops'],
  [503, 'busy'],
  [400, '[]'],
])('a response %i %j is not from our daemon', async (status, body) => {
  await expect(clientWith(status, body).client.getIdentity({})).rejects.toMatchObject({
    code: 'daemon_down',
  });
});

test('a daemon that cannot be reached is down, even in the middle of a response', async () => {
  const broken = new Error('ECONNREFUSED');
  const refusing = createClient({
    baseUrl: () => 'http://127.0.0.1:1',
    fetch: async () => {
      throw broken;
    },
  });
  await expect(refusing.getStatus({})).rejects.toMatchObject({
    code: 'daemon_down',
    message: expect.stringContaining('http://127.0.0.1:1'),
    cause: broken,
  });
  const breaking = createClient({
    baseUrl: () => 'http://127.0.0.1:1',
    fetch: async () => ({
      status: 200,
      headers: { get: () => null },
      text: async () => {
        throw broken;
      },
    }),
  });
  await expect(breaking.getStatus({})).rejects.toMatchObject({ code: 'daemon_down' });
});

test.each([
  [undefined, null],
  ['</messages?cursor=42>; rel="next"', '42'],
  ['</messages?q=x&cursor=42&limit=3>; rel="next"', '42'],
  ['</messages?cursor=42>; rel="prev"', null],
  ['</messages>; rel="next"', null],
])('reads the next page from Link: %s', async (link, cursor) => {
  const { client } = clientWith(200, [], link === undefined ? {} : { link });
  expect(await client.listMessages({})).toEqual({ items: [], next_cursor: cursor });
});

test("passes the caller's signal on", async () => {
  const { client, sent } = clientWith(200, {});
  const { signal } = new AbortController();
  await client.waitForMessages({}, { signal });
  expect(sent[0]?.init.signal).toBe(signal);
});

test('an owner-only call by an agent’s client neither sends nor reads the token', async () => {
  const asked: boolean[] = [];
  const token = (demanded: boolean) => {
    asked.push(demanded);
    return 'secret';
  };
  const row = { ...operations.getIdentity, owner: true } as const;
  const refused = new OcmeshError('owner_only');
  const shown: unknown[] = [];
  const call = async (headers: Record<string, string>) => {
    shown.push(headers);
    throw refused;
  };
  await expect(withToken({ token }, row, call)).rejects.toBe(refused);
  expect([asked, shown]).toEqual([[], [{}]]);
  await expect(withToken({ token, asOwner: true }, row, call)).rejects.toBe(refused);
  expect(shown.slice(1)).toEqual([{ authorization: 'Bearer secret' }]);
});

test('a call refused for lack of a token is repeated once, not forever', async () => {
  const { client, sent } = clientWith(401, { error: 'token_required', message: 'm', hint: 'h' });
  await expect(client.getIdentity({})).rejects.toMatchObject({ code: 'token_required' });
  expect(sent).toHaveLength(1);
  let calls = 0;
  const needy = createClient({
    baseUrl: () => 'http://127.0.0.1:1',
    token: () => String(calls),
    async fetch() {
      calls++;
      const text = async () => JSON.stringify({ error: 'token_wrong', message: 'm', hint: 'h' });
      return { status: 401, headers: { get: () => null }, text };
    },
  });
  await expect(needy.getIdentity({})).rejects.toMatchObject({ code: 'token_wrong' });
  expect(calls).toBe(2);
});

test('reads a text response unchanged, and its errors as JSON', async () => {
  const { client, sent } = clientWith(200, 'a 1\nb 2\n');
  expect(await client.getMetrics({})).toBe('a 1\nb 2\n');
  expect(sent[0]?.init.headers['accept']).toMatch(/^text\/plain/);
  const body = { error: 'shutting_down', message: 'm', hint: 'h' };
  await expect(clientWith(503, body).client.getMetrics({})).rejects.toMatchObject({ code: 'shutting_down' });
  await expect(clientWith(404, 'no such page').client.getMetrics({})).rejects.toMatchObject({
    code: 'daemon_down',
  });
});

test('repeats a GET when a kept-alive connection has just closed, but no other call', async () => {
  let calls = 0;
  const client = createClient({
    baseUrl: () => 'http://127.0.0.1:7432',
    async fetch() {
      if (++calls % 2 === 1) throw new TypeError('fetch failed: other side closed');
      return { status: 200, headers: { get: () => null }, text: async () => '{}' };
    },
  });
  await client.getIdentity({});
  expect(calls).toBe(2);
  await expect(client.sendMessage({ to: 'x', content: 'y' })).rejects.toMatchObject({ code: 'daemon_down' });
  expect(calls).toBe(3);
});
