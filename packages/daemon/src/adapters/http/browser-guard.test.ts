import { gzipSync } from 'node:zlib';
import type { Handlers } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { openApi } from '../../../test/support/http-api.ts';

const handlers: Partial<Handlers> = {
  getHealth: async () => ({ ok: true }),
  markRead: async () => ({ marked: 1 }),
  removeRelay: async () => [],
};

test('serves its own address and localhost', async () => {
  const api = await openApi(handlers);
  expect((await api.get('/healthz')).json).toEqual({ ok: true });
  expect((await api.get('/healthz', { Host: `localhost:${api.port}` })).status).toBe(200);
});

test.each([
  ['a foreign name', () => 'evil.example'],
  ['a foreign name with our port', (port: number) => `evil.example:${port}`],
  ['no port', () => '127.0.0.1'],
  ['another port', (port: number) => `127.0.0.1:${port + 1}`],
  ['a name that begins like ours', (port: number) => `127.0.0.1:${port}.evil.example`],
  ['a name that ends like ours', (port: number) => `x127.0.0.1:${port}`],
  ['another way to write the address', (port: number) => `127.1:${port}`],
  ['an IPv6 address', (port: number) => `[::1]:${port}`],
  ['0.0.0.0', (port: number) => `0.0.0.0:${port}`],
  ['a user', (port: number) => `user@127.0.0.1:${port}`],
  ['two in one', (port: number) => `127.0.0.1:${port}, evil.example`],
  ['another case', (port: number) => `LOCALHOST:${port}`],
])('refuses a Host header with %s', async (_, host) => {
  const api = await openApi(handlers);
  const { status, json } = await api.get('/healthz', { Host: host(api.port) });
  expect([status, json['error']]).toEqual([421, 'misdirected_host']);
  expect(api.calls).toEqual([]);
});

test('refuses two Host headers, in either order', async () => {
  const api = await openApi(handlers);
  for (const hosts of [
    [api.own, 'evil.example'],
    ['evil.example', api.own],
    [api.own, api.own],
  ]) {
    const { status } = await api.raw(['GET /healthz HTTP/1.1', ...hosts.map((host) => `Host: ${host}`)]);
    expect([400, 421]).toContain(status);
  }
  expect(api.calls).toEqual([]);
});

test('refuses a request without Host', async () => {
  const api = await openApi(handlers);
  expect((await api.raw(['GET /healthz HTTP/1.0'])).status).toBe(421);
  expect([400, 421]).toContain((await api.raw(['GET /healthz HTTP/1.1'])).status);
  expect(api.calls).toEqual([]);
});

test('refuses a target that is not a path', async () => {
  const api = await openApi(handlers);
  for (const target of [
    `http://${api.own}/healthz`,
    'http://evil.example/healthz',
    '//evil.example/healthz',
    '*',
  ]) {
    const { status } = await api.raw([`GET ${target} HTTP/1.1`, `Host: ${api.own}`]);
    expect(status).toBe(400);
  }
  expect(api.calls).toEqual([]);
});

test.each([
  ['no Origin', undefined, 200],
  ['our own Origin', (port: number) => `http://127.0.0.1:${port}`, 200],
  ['our own Origin by name', (port: number) => `http://localhost:${port}`, 200],
  ['Origin null', () => 'null', 403],
  ['a foreign Origin', () => 'https://evil.example', 403],
  ['our address on another port', (port: number) => `http://127.0.0.1:${port + 1}`, 403],
  ['our address under https', (port: number) => `https://127.0.0.1:${port}`, 403],
  ['an Origin that begins like ours', (port: number) => `http://127.0.0.1:${port}.evil.example`, 403],
])('responds to %s', async (_, origin, status) => {
  const api = await openApi(handlers);
  const headers = origin ? { Origin: origin(api.port) } : {};
  expect((await api.get('/healthz', headers)).status).toBe(status);
  // The guard lets our own page pass, but without a session it reads and changes nothing.
  const others = origin && status === 200 ? 401 : status;
  expect((await api.post('/messages/read', '{"all":true}', headers)).status).toBe(others);
  expect((await api.remove('/relays?url=wss://a.test', headers)).status).toBe(others);
});

test('refuses a foreign Origin next to our own', async () => {
  const api = await openApi(handlers);
  const lines = [
    'GET /healthz HTTP/1.1',
    `Host: ${api.own}`,
    `Origin: http://${api.own}`,
    'Origin: https://evil.example',
  ];
  expect((await api.raw(lines)).status).toBe(403);
});

test.each([
  ['same-origin', 200],
  ['none', 200],
  ['same-site', 403],
  ['cross-site', 403],
  ['something-new', 403],
])('responds to Sec-Fetch-Site: %s', async (site, status) => {
  const api = await openApi(handlers);
  expect((await api.get('/healthz', { 'Sec-Fetch-Site': site })).status).toBe(status);
  const others = status === 200 ? 401 : status;
  expect((await api.get('/relays', { 'Sec-Fetch-Site': site })).status).toBe(others);
  expect((await api.remove('/relays?url=wss://a.test', { 'Sec-Fetch-Site': site })).status).toBe(others);
});

test('refuses every preflight, and allows no page to read a response', async () => {
  const api = await openApi(handlers);
  const lines = [
    'OPTIONS /send HTTP/1.1',
    `Host: ${api.own}`,
    'Origin: https://evil.example',
    'Access-Control-Request-Method: POST',
  ];
  const preflight = await api.raw(lines);
  expect(preflight.status).toBe(403);
  expect((await api.raw(['OPTIONS /send HTTP/1.1', `Host: ${api.own}`])).status).toBe(403);
  for (const { headers } of [preflight, await api.get('/healthz')]) {
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  }
});

test.each([
  ['application/json', 200],
  ['application/json; charset=utf-8', 200],
  ['application/json;charset="UTF-8"', 200],
  ['Application/JSON', 200],
  ['application/json; charset=utf8', 200],
  ['application/json; charset="utf8"; profile=x', 200],
  ['application/json;', 200],
  ['application/json; charset=us-ascii', 200],
  ['application/json; charset=latin1', 415],
  ['application/json; charset=', 415],
  ['application/json; charset=utf-8; charset=utf-16', 415],
  ['application/json; charset=utf-16', 415],
  ['application/json-patch+json', 415],
  ['text/plain', 415],
  ['text/plain; application/json', 415],
  ['application/x-www-form-urlencoded', 415],
  ['multipart/form-data; boundary=x', 415],
  ['', 415],
])('responds to a body of type %j', async (type, status) => {
  const api = await openApi(handlers);
  const { status: got, json } = await api.post('/messages/read', '{"all":true}', { 'Content-Type': type });
  expect(got).toBe(status);
  if (status === 415) expect(json['error']).toBe('unsupported_media_type');
});

test('takes a POST without body and type for an empty object', async () => {
  const api = await openApi(handlers);
  const { status, json } = await api.raw([
    'POST /messages/read HTTP/1.1',
    `Host: ${api.own}`,
    'Content-Length: 0',
  ]);
  expect([status, json['error']]).toEqual([400, 'invalid_request']);
});

test('accepts a DELETE without body, and refuses one whose body is not JSON', async () => {
  const api = await openApi(handlers);
  const lines = ['DELETE /relays?url=wss://a.test HTTP/1.1', `Host: ${api.own}`];
  expect((await api.raw(lines)).status).toBe(200);
  const form = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 3'];
  expect((await api.raw([...lines, ...form], 'a=b')).status).toBe(415);
});

test.each(['gzip', 'identity', 'br'])('refuses a body with Content-Encoding: %s', async (encoding) => {
  const api = await openApi(handlers);
  const body = encoding === 'gzip' ? gzipSync('{"all":true}') : '{"all":true}';
  const { status } = await api.post('/messages/read', body, { 'Content-Encoding': encoding });
  expect(status).toBe(415);
  expect(api.calls).toEqual([]);
});
