import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limits } from '../contract/limits.ts';
import {
  type ChatDraft,
  chatPayload,
  controlTypes,
  envelopeFields,
  helloPayload,
  parsePayload,
  pongPayload,
  profilePayload,
  receiptPayloads,
} from './envelope.ts';
import { type Dialect, dialectOf, ocmeshVersion, ourFeatures } from './version.ts';

const ours = dialectOf({ features: ourFeatures, version: '0.3.0' });
const deployed = dialectOf({ features: ['messaging'], version: '0.2.0' });
const old = dialectOf({ features: ['messaging'], version: '0.1.0' });

const id = fc.stringMatching(/^[A-Za-z0-9_-]{8,63}$/);
const typeName = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/).filter((type) => !controlTypes.includes(type));
const data = fc
  .dictionary(
    fc
      .string({ minLength: 1, maxLength: 12 })
      .filter((key) => !envelopeFields.includes(key) && key !== '__proto__'),
    fc.jsonValue({ maxDepth: 5 }),
    { minKeys: 1, maxKeys: 4 },
  )
  .map((fields) => JSON.parse(JSON.stringify(fields)) as Record<string, unknown>);
const chat: fc.Arbitrary<ChatDraft> = fc.record({
  type: typeName,
  content: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
  data: fc.option(data),
  mid: id,
  tsMs: fc.nat(),
  seq: fc.nat(),
  replyTo: fc.option(id),
  hops: fc.nat(),
});

test('a message survives a round trip to a peer that reads envelopes', () => {
  fc.assert(
    fc.property(chat, (draft) => {
      expect(parsePayload(chatPayload(draft, ours))).toEqual({
        kind: 'chat',
        thread: null,
        version: ocmeshVersion,
        auto: draft.hops > 0,
        ...draft,
      });
    }),
  );
});

test('type, content and data survive a round trip without the envelope, whatever the text looks like', () => {
  const contents = fc.oneof(
    chat.map(({ content }) => content),
    fc.constantFrom(...controlTypes, '').map((type) => JSON.stringify({ type, msgId: 'abcdefgh' })),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(chat, contents, (draft, content) => {
      for (const dialect of [deployed, old]) {
        const parsed = parsePayload(chatPayload({ ...draft, content }, dialect));
        expect(parsed).toMatchObject({
          kind: 'chat',
          type: draft.type,
          content,
          data: draft.data,
          mid: null,
        });
        const text = parsePayload(chatPayload({ ...draft, type: 'text', data: null, content }, dialect));
        expect(text).toMatchObject({ kind: 'chat', type: 'text', content, data: null });
      }
    }),
  );
});

test('a plain text is sent as plain text to a peer that reads no envelope', () => {
  const draft = {
    type: 'text',
    content: 'hi',
    data: null,
    mid: 'mid-12345678',
    tsMs: 1,
    seq: 1,
    replyTo: null,
    hops: 0,
  };
  expect(chatPayload(draft, deployed)).toBe('hi');
  expect(chatPayload({ ...draft, content: '{"a":1}' }, old)).toBe('{"a":1}');
  expect(JSON.parse(chatPayload(draft, ours))).toEqual({
    type: 'text',
    ts: 1,
    v: '0.3.0',
    body: 'hi',
    mid: 'mid-12345678',
    seq: 1,
  });
});

test('parsing never throws, and anything but a payload is the text itself', () => {
  const nearly = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .record(
        Object.fromEntries(
          [...envelopeFields, 'msgId', 'msgIds', 'name', 'about', 'features', 'capabilities', 'version'].map(
            (field) => [field, fc.oneof(fc.jsonValue(), fc.constantFrom(...controlTypes))],
          ),
        ),
        { requiredKeys: [] },
      )
      .map((fields) => JSON.stringify(fields)),
  );
  fc.assert(
    fc.property(nearly, (text) => {
      const payload = parsePayload(text);
      if (
        payload.kind === 'chat' &&
        payload.data === null &&
        payload.type === 'text' &&
        payload.tsMs === null
      ) {
        expect(typeof payload.content).toBe('string');
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  '',
  ' ',
  'plain',
  '{',
  '{}',
  '{"type":5}',
  '{"type":""}',
  '{"type":null}',
  '[{"type":"ping"}]',
  '"ping"',
  ' {"type":"ping"}',
])('%j is a text', (text) => {
  expect(parsePayload(text)).toMatchObject({
    kind: 'chat',
    type: 'text',
    content: text,
    data: null,
    mid: null,
  });
});

test('a payload nested too deeply is a text', () => {
  const nested = (levels: number): string => `{"type":"x","a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  expect(parsePayload(nested(limits.message.dataLevels - 1))).toMatchObject({ type: 'x' });
  for (const levels of [limits.message.dataLevels, 20_000]) {
    expect(parsePayload(nested(levels))).toMatchObject({ type: 'text', content: nested(levels) });
  }
});

test.each([
  ['mid', 'short', null],
  ['mid', 'x'.repeat(129), null],
  ['mid', 'with space!', null],
  ['mid', 5, null],
  ['mid', 'ab'.repeat(32), null],
  ['mid', 'AB'.repeat(32), 'AB'.repeat(32)],
  ['mid', 'mid-12345678', 'mid-12345678'],
])('an envelope with %s %j has the id %j', (field, value, mid) => {
  expect(parsePayload(JSON.stringify({ type: 'text', body: 'x', [field]: value }))).toMatchObject({ mid });
});

test.each([
  ['ts', 'tsMs'],
  ['seq', 'seq'],
] as const)('%s counts only as a whole number that is not negative', (field, name) => {
  for (const value of [-1, 1.5, '1', 2 ** 60, null, true]) {
    expect(parsePayload(JSON.stringify({ type: 'text', [field]: value }))).toMatchObject({ [name]: null });
  }
  expect(parsePayload(JSON.stringify({ type: 'text', [field]: 7 }))).toMatchObject({ [name]: 7 });
});

test('a typed payload without a text is still readable', () => {
  expect(parsePayload('{"type":"task","action":"build","ts":1}')).toMatchObject({
    type: 'task',
    content: '{"action":"build"}',
    data: { action: 'build' },
  });
});

const ann = { name: 'Ann', about: 'I know the weather.', capabilities: ['weather-forecast', 'chat'] };

test('a hello describes a peer, within limits', () => {
  expect(parsePayload(helloPayload({ from: 'x', tsMs: 1, ...ann }, ours))).toEqual({
    kind: 'hello',
    version: '0.3.0',
    name: 'Ann',
    features: [...ourFeatures],
    capabilities: ['weather-forecast', 'chat'],
    about: 'I know the weather.',
  });
  expect(parsePayload(helloPayload({ from: 'x', tsMs: 1, ...ann }, old))).toMatchObject({
    kind: 'hello',
    version: '0.3.0',
    features: ['messaging'],
  });
  const greedy = parsePayload(
    JSON.stringify({
      type: 'intro',
      name: '👋'.repeat(100),
      about: 'x'.repeat(10_000),
      capabilities: Array.from({ length: 500 }, (_, index) => `c${index}`),
      features: ['x'.repeat(65), 5, 'ok', 'ok', ''],
    }),
  );
  expect(greedy).toMatchObject({ name: '👋'.repeat(64), about: 'x'.repeat(500), features: ['ok'] });
  expect(greedy.kind === 'hello' && greedy.capabilities).toHaveLength(limits.peer.claims);
});

test('receipts: one for all to our version, one for each to the deployed mesh', () => {
  const ids = ['id-1-12345', 'id-2-12345'];
  const batches: Dialect = { ...ours, receiptBatches: true };
  expect(receiptPayloads('read', ids, 5, batches).map((text) => JSON.parse(text))).toEqual([
    { type: 'read', ts: 5, v: '0.3.0', msgIds: ids },
  ]);
  expect(receiptPayloads('delivered', ids, 5, deployed).map((text) => JSON.parse(text).msgId)).toEqual(ids);
  for (const dialect of [batches, deployed]) {
    const read = receiptPayloads('read', ids, 5, dialect).map(parsePayload);
    expect(read.flatMap((payload) => (payload.kind === 'receipt' ? payload.ids : []))).toEqual(ids);
  }
  expect(parsePayload('{"type":"read","msgIds":["ok-12345",5,null,"no"]}')).toEqual({
    kind: 'receipt',
    state: 'read',
    ids: ['ok-12345'],
  });
  expect(parsePayload('{"type":"read"}')).toMatchObject({ ids: [] });
});

test('pong and profile survive a round trip', () => {
  expect(parsePayload(pongPayload(1))).toEqual({ kind: 'pong' });
  expect(parsePayload(profilePayload(1, ann))).toEqual({ kind: 'profile', ...ann, isQuery: false });
  // An agent that says nothing about itself still answers, instead of asking back.
  const nothing = { name: null, about: null, capabilities: [] };
  expect(parsePayload(profilePayload(1, nothing))).toEqual({ kind: 'profile', ...nothing, isQuery: false });
});

test.each([
  [{}, true],
  [{ name: '', about: '' }, true],
  [{ capabilities: 'chat' }, true],
  [{ capabilities: [] }, false],
  [{ name: 'Bob' }, false],
  [{ about: 'builds' }, false],
])('a profile with %j is a query: %s', (fields, isQuery) => {
  expect(parsePayload(JSON.stringify({ type: 'profile', ts: 1, ...fields }))).toMatchObject({ isQuery });
});

test.each([
  [
    { features: ['messaging'], version: '0.1.0' },
    { envelope: false, receipts: false, receiptBatches: false, hello: 'ocmesh-hello', codec: 'nip04' },
  ],
  [
    { features: ['messaging'], version: '0.2.0' },
    { envelope: false, receipts: true, receiptBatches: false, hello: 'intro', codec: 'nip04' },
  ],
  [
    { features: ['messaging'], version: '0.20.0' },
    { envelope: false, receipts: false, receiptBatches: false, hello: 'intro', codec: 'nip04' },
  ],
  [
    { features: ['receipts'], version: null },
    { envelope: false, receipts: true, receiptBatches: true, hello: 'intro', codec: 'nip04' },
  ],
  [
    { features: [...ourFeatures], version: '0.3.0' },
    { envelope: true, receipts: true, receiptBatches: true, hello: 'intro', codec: 'nip17' },
  ],
  [
    { features: [], version: null },
    { envelope: false, receipts: false, receiptBatches: false, hello: 'intro', codec: 'nip04' },
  ],
])('from %j follows %j', (peer, dialect) => {
  expect(dialectOf(peer)).toEqual(dialect);
});

test.each([
  [{ type: 'task', body: { action: 'sum' } }, { body: { action: 'sum' } }],
  [
    { type: 'task', body: [1, 2], params: 3 },
    { body: [1, 2], params: 3 },
  ],
  [{ type: 'result', body: 42 }, { body: 42 }],
  [{ type: 'text', body: null }, { body: null }],
  [{ type: 'text', body: false }, { body: false }],
])('%j keeps a body that is no text as data', (payload, data) => {
  expect(parsePayload(JSON.stringify(payload))).toMatchObject({
    kind: 'chat',
    type: payload.type,
    content: JSON.stringify(data),
    data,
  });
});

test.each([
  { type: 'read', file: 'a' },
  { type: 'read', body: 'please read this' },
  { type: 'delivered', order: 17 },
  { type: 'ping', x: 1 },
  { type: 'pong', body: 'table tennis' },
  { type: 'intro', text: 'chapter one' },
  { type: 'profile', user: 'bob', body: 'look' },
  { type: 'read', msgId: 7 },
  { type: 'read', msgId: 'short', page: 3 },
  { type: 'delivered', msgIds: 'parcels' },
  { type: 'read', msgIds: [1, 2], book: 'a' },
  { type: 'profile', name: { first: 'Bob' } },
  { type: 'profile', picture: 7 },
])('%j is a message, though its type is one that daemons use', (payload) => {
  expect(parsePayload(JSON.stringify(payload))).toMatchObject({ kind: 'chat', type: payload.type });
});

test.each([
  [{ type: 'ping' }, 'ping'],
  [{ type: 'ping', ts: 1, v: '0.2.0' }, 'ping'],
  [{ type: 'delivered', msgId: 'a'.repeat(64), ts: 1, later: true }, 'receipt'],
  [{ type: 'read', msgIds: [] }, 'receipt'],
  [{ type: 'intro', from: 'a'.repeat(64), later: true }, 'hello'],
  [{ type: 'intro', v: '0.2.0', name: 'Bob', capabilities: ['chat'] }, 'hello'],
  [{ type: 'profile', ts: 1, v: '0.2.0' }, 'profile'],
  [{ type: 'profile', name: null, about: null }, 'profile'],
  [{ type: 'read', msgIds: ['a'.repeat(64), 'odd'], later: true }, 'receipt'],
])('%j is for the daemon', (payload, kind) => {
  expect(parsePayload(JSON.stringify(payload)).kind).toBe(kind);
});

test.each([
  '{"type":"task","n":12345678901234567.89}',
  '{"type":"task","n":-98765432109876543210}',
  '{"type":"task","n":[1e400]}',
  '{"type":"task","n":-1e999}',
])('%s is shown as it was written: parsing would change a number', (text) => {
  expect(parsePayload(text)).toMatchObject({ type: 'text', content: text, data: null });
});

test.each([
  '0.30000000000000004',
  '3.141592653589793238462643',
  '6.02e23',
  '1e-400',
  '"1e400 of 12345678901234567"',
])('a payload with %s is read', (number) => {
  expect(parsePayload(`{"type":"task","body":"x","n":${number}}`)).toMatchObject({
    type: 'task',
    content: 'x',
  });
});

test('half a surrogate pair becomes one replacement character, as in the store', () => {
  expect(parsePayload('{"type":"task\\ud800","body":"a\\ud800b 👋"}')).toMatchObject({
    type: 'task\ufffd',
    content: 'a\ufffdb 👋',
  });
});
