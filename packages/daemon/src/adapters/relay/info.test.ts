import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { startScriptedRelay } from '../../../test/support/scripted-relay.ts';
import { fetchRelayInfo } from './info.ts';

const ask = async (onRequest: RequestListener) =>
  fetchRelayInfo((await startScriptedRelay({ onRequest })).url);
const say =
  (body: unknown): RequestListener =>
  (_, response) =>
    response.end(typeof body === 'string' ? body : JSON.stringify(body));

test('asks with the right media type and takes what is of use', async () => {
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

test.each([
  ['no fields', {}, { supportedNips: [], limitation: {} }],
  [
    'fields of other types',
    { supported_nips: 'all', limitation: [1] },
    { supportedNips: [], limitation: {} },
  ],
  [
    'NIPs that are no numbers',
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
  ['a broken answer', ((_, response) => response.destroy()) as RequestListener],
])('%s counts as no document', async (_, onRequest) => {
  expect(await ask(onRequest)).toBeNull();
});

test('nesting beyond any use can be written out again', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const info = await ask(say(`{"limitation":{"a":${deep},"b":1}}`));
  expect(JSON.stringify(info)).toBe('{"supportedNips":[],"limitation":{"b":1}}');
});

test('nobody there counts as no document', async () => {
  expect(await fetchRelayInfo('ws://127.0.0.1:1')).toBeNull();
});
