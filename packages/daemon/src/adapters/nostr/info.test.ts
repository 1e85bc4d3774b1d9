import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { startScriptedRelay } from '../../../test/support/scripted-relay.ts';
import { openConnection } from './connection.ts';
import { fetchRelayInfo } from './info.ts';
import { createDialer, direct } from './proxy/dialer.ts';

const dialer = createDialer({ outbound: direct, clock: createFakeClock(), log: createRecordingLog() });
const timeLimit = (): AbortSignal => AbortSignal.timeout(60_000);
const ask = async (onRequest: RequestListener) => {
  const { info } = await fetchRelayInfo((await startScriptedRelay({ onRequest })).url, timeLimit(), dialer);
  return info;
};
const say =
  (body: unknown): RequestListener =>
  (_, response) =>
    response.end(typeof body === 'string' ? body : JSON.stringify(body));

test('requests the right media type and keeps the usable fields', async () => {
  let accept: string | undefined;
  const info = await ask((request, response) => {
    accept = request.headers.accept;
    response.end(
      JSON.stringify({ name: 'x', supported_nips: [1, 40], limitation: { max_message_length: 5 } }),
    );
  });
  expect(accept).toBe('application/nostr+json');
  expect(info).toEqual({ supportedNips: [1, 40], limitation: { max_message_length: 5 } });
});

test('says who calls, at NIP-11 and at the upgrade', async () => {
  const agents: (string | undefined)[] = [];
  const relay = await startScriptedRelay({
    onRequest: ({ headers }, response) => {
      agents.push(headers['user-agent']);
      response.end('{}');
    },
    onUpgrade: ({ headers }) => {
      agents.push(headers['user-agent']);
      return { status: 403 };
    },
  });
  await fetchRelayInfo(relay.url, timeLimit(), dialer);
  const listener = { onOpen() {}, onText() {}, onGarbage() {}, onUnreadable() {}, onDropped() {} };
  await new Promise((resolve) =>
    openConnection(
      relay.url,
      { clock: createFakeClock(), dialer, lookup: undefined },
      { ...listener, onClose: resolve },
    ),
  );
  const ours = expect.stringMatching(/^ocmesh\/\d+\.\d+\.\d+ \(\+https:\/\/\S+\)$/);
  expect(agents).toEqual([ours, ours]);
});

const HOUR_AGO = 'Thu, 01 Jan 2026 11:00:00 GMT';
const NOW = 'Thu, 01 Jan 2026 12:00:00 GMT';
test.each<[string, Record<string, string>, string | null]>([
  ['fresh', { date: NOW }, NOW],
  ['from a cache', { date: HOUR_AGO, age: '3600' }, NOW],
  ['from a cache a moment ago', { date: NOW, age: '0' }, NOW],
  ['from a cache that does not say how old it is', { date: HOUR_AGO, 'x-cache': 'HIT from edge' }, null],
  ['from such a cache of another kind', { date: HOUR_AGO, 'cf-cache-status': 'HIT' }, null],
  ['of an age that is no number', { date: HOUR_AGO, age: 'old' }, null],
  ['that a cache passed on', { date: NOW, 'cf-cache-status': 'DYNAMIC' }, NOW],
])('reads the time of a response that is %s', async (_, headers, date) => {
  const relay = await startScriptedRelay({
    onRequest: (_request, response) => {
      response.writeHead(200, headers).end('{}');
    },
  });
  expect((await fetchRelayInfo(relay.url, timeLimit(), dialer)).date).toBe(date);
});

test.each([
  ['no fields', {}, { supportedNips: [], limitation: {} }],
  [
    'fields of other types',
    { supported_nips: 'all', limitation: [1] },
    { supportedNips: [], limitation: {} },
  ],
  [
    'NIPs that are not numbers',
    { supported_nips: [1, '40', null, 1.5] },
    { supportedNips: [1], limitation: {} },
  ],
  [
    'limits that are no limits',
    { limitation: { a: 1, b: true, c: 'x', d: { e: 1 }, f: [1], g: null } },
    { supportedNips: [], limitation: { a: 1, b: true } },
  ],
])('takes a document with %s', async (_, document, info) => {
  expect(await ask(say(document))).toEqual(info);
});

test('keeps at most 200 NIPs', async () => {
  const info = await ask(say({ supported_nips: Array.from({ length: 500 }, (_, index) => index) }));
  expect(info?.supportedNips).toHaveLength(200);
});

test.each([
  ['no JSON', say('<html>')],
  ['JSON that is no document', say('[')],
  ['null', say('null')],
  ['text', say('"x"')],
  ['an empty body', say('')],
  ['a document over 64 KiB', say({ name: 'x'.repeat(64 * 1024) })],
  ['an error', ((_, response) => response.writeHead(500).end('{}')) as RequestListener],
  [
    'a redirect',
    ((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()) as RequestListener,
  ],
  ['a broken response', ((_, response) => response.destroy()) as RequestListener],
])('%s counts as no document', async (_, onRequest) => {
  expect(await ask(onRequest)).toBeNull();
});

test('a deeply nested document can be serialized', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const info = await ask(say(`{"limitation":{"a":${deep},"b":1}}`));
  expect(JSON.stringify(info)).toBe('{"supportedNips":[],"limitation":{"b":1}}');
});

test('an unreachable relay has no document', async () => {
  expect(await fetchRelayInfo('ws://127.0.0.1:1', timeLimit(), dialer)).toEqual({ info: null, date: null });
});

test('returns the HTTP date, with a document or without', async () => {
  const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
  for (const [status, body, info] of [
    [200, '{}', { supportedNips: [], limitation: {} }],
    [404, 'x', null],
  ] as const) {
    const { url } = await startScriptedRelay({
      onRequest: (_, response) => response.writeHead(status, { date }).end(body),
    });
    expect(await fetchRelayInfo(url, timeLimit(), dialer)).toEqual({ info, date });
  }
});

test('a document that comes one byte at a time is given up', async () => {
  const { url } = await startScriptedRelay({
    onRequest(_, response) {
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    },
  });
  const impatience = new AbortController();
  const asked = fetchRelayInfo(url, impatience.signal, dialer);
  setTimeout(() => impatience.abort(), 50);
  expect((await asked).info).toBeNull();
});

test('a compressed response is not decompressed, so a bomb does no harm', async () => {
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '));
  expect(bomb.length).toBeGreaterThan(64 * 1024);
  const before = process.memoryUsage().rss;
  for (const encoding of ['gzip', 'gzip, gzip', 'br']) {
    let accepts: string | undefined;
    const info = await ask((request, response) => {
      accepts = String(request.headers['accept-encoding']);
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
    });
    expect([accepts, info]).toEqual(['identity', null]);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
});
