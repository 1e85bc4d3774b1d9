import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { isHex64 } from './ids.ts';
import { cutChars, isNestedWithin, utf8Bytes } from './measure.ts';
import { type OperationName, operations } from './operations.ts';
import { validateInput } from './validate.ts';

const to = 'ab'.repeat(32);
const ok = [
  ['getStatus', {}],
  ['listPeers', { online: 'true', limit: '1000', feature: 'x', capability: 'y', q: 'z', trust: 'contact' }],
  ['listPeers', { q: 'Infinity' }],
  ['listPeers', { cursor: `12345-${to}` }],
  ['getPeer', { pubkey: 'npub1xyz' }],
  ['addPeer', { pubkey: to }],
  ['addPeer', { pubkey: 'npub1xyz', alias: '👋'.repeat(64) }],
  ['addPeer', { pubkey: to, alias: 'Zoë (work) — אב' }],
  ['addRelay', { url: 'wss://nos.lol' }],
  ['removeRelay', { url: 'wss://nos.lol' }],
  ['followEvents', {}],
  ['followEvents', { types: 'peer.online,message.state', last_event_id: '' }],
  [
    'listMessages',
    {
      unread: 'false',
      direction: 'all',
      order: 'asc',
      from: to,
      with: to,
      type: 'a.b-c_9',
      after: '0',
      limit: '1',
    },
  ],
  ['waitForMessages', { timeout_s: '0', from: to, after: '5', reply_to: 'x', type: 'task' }],
  ['waitForMessages', { timeout_s: '55' }],
  ['getMessage', { id: 'x' }],
  ['markRead', { id: 'x' }],
  ['markRead', { ids: ['x', 'y'] }],
  ['markRead', { from: to }],
  ['markRead', { all: true }],
  ['sendMessage', { to, content: 'x' }],
  [
    'sendMessage',
    {
      to,
      content: '👋'.repeat(4096),
      type: 'task',
      data: { a: [1] },
      reply_to: 'x',
      expires_in_s: 604_800,
      idempotency_key: 'k',
    },
  ],
] satisfies [OperationName, Record<string, unknown>][];

test.each(ok)('%s accepts %j', (name, values) => {
  expect(() => validateInput(name, structuredClone(values as Record<string, unknown>))).not.toThrow();
});

const refused = [
  ['getStatus', { verbose: '1' }, 'invalid_request', 'verbose'],
  ['listPeers', { online: 'yes' }, 'invalid_request', 'online'],
  ['listPeers', { online: '1' }, 'invalid_request', 'online'],
  ['listPeers', { online: ['true', 'false'] }, 'invalid_request', 'online'],
  ['listPeers', { limit: '0' }, 'invalid_request', 'limit'],
  ['listPeers', { limit: '1001' }, 'invalid_request', 'limit'],
  ['listPeers', { limit: 'Infinity' }, 'invalid_request', 'limit'],
  ['waitForMessages', { timeout_s: '1e999' }, 'invalid_request', 'timeout_s'],
  ['listPeers', { limit: '5x' }, 'invalid_request', 'limit'],
  ['listPeers', { limit: '' }, 'invalid_request', 'limit'],
  ['listPeers', { q: '' }, 'invalid_request', 'q'],
  ['listPeers', { q: 'x'.repeat(257) }, 'invalid_request', 'q'],
  ['listPeers', { trust: 'friend' }, 'invalid_request', 'trust'],
  ['listPeers', { cursor: "1-' OR 1=1" }, 'invalid_request', 'cursor'],
  ['addPeer', {}, 'invalid_request', 'pubkey'],
  ['addPeer', { pubkey: to, alias: '' }, 'invalid_request', 'alias'],
  ['addPeer', { pubkey: to, alias: 'x'.repeat(65) }, 'invalid_request', 'alias'],
  ['addPeer', { pubkey: to, alias: 'a\nb' }, 'invalid_request', 'alias'],
  ['addPeer', { pubkey: to, alias: 'a\u0085b' }, 'invalid_request', 'alias'],
  ['addPeer', { pubkey: to, alias: '\ud83d' }, 'invalid_request', 'alias'],
  ['addPeer', { pubkey: to, alias: null }, 'invalid_request', 'alias'],
  ['addPeer', { pubkey: to, trust: 'contact' }, 'invalid_request', 'trust'],
  ['addRelay', {}, 'invalid_request', 'url'],
  ['addRelay', { url: ['wss://nos.lol'] }, 'invalid_request', 'url'],
  ['addRelay', { url: `wss://${'x'.repeat(512)}` }, 'invalid_request', 'url'],
  ['removeRelay', {}, 'invalid_request', 'url'],
  ['followEvents', { types: 'reset' }, 'invalid_request', 'types'],
  ['followEvents', { last_event_id: 'x'.repeat(129) }, 'invalid_request', 'last_event_id'],
  ['listMessages', { type: 'Bad Type' }, 'invalid_request', 'type'],
  ['listMessages', { cursor: '-1' }, 'invalid_request', 'cursor'],
  ['listMessages', { after: '1'.repeat(16) }, 'invalid_request', 'after'],
  ['waitForMessages', { timeout_s: '56' }, 'invalid_request', 'timeout_s'],
  ['waitForMessages', { timeout_s: '-1' }, 'invalid_request', 'timeout_s'],
  ['markRead', {}, 'invalid_request', ''],
  ['markRead', { id: 'x', all: true }, 'invalid_request', ''],
  ['markRead', { all: false }, 'invalid_request', 'all'],
  ['markRead', { all: 'true' }, 'invalid_request', 'all'],
  ['markRead', { ids: [] }, 'invalid_request', 'ids'],
  ['markRead', { ids: [1] }, 'invalid_request', 'ids.0'],
  ['sendMessage', {}, 'invalid_request', 'to'],
  ['sendMessage', { to }, 'invalid_request', 'content'],
  ['sendMessage', { to, content: '' }, 'invalid_request', 'content'],
  ['sendMessage', { to, content: 5 }, 'invalid_request', 'content'],
  ['sendMessage', { to: 5, content: 'x' }, 'invalid_request', 'to'],
  ['sendMessage', { to, content: 'x', data: [] }, 'invalid_request', 'data'],
  ['sendMessage', { to, content: 'x', data: null }, 'invalid_request', 'data'],
  ['sendMessage', { to, content: 'x', expires_in_s: '5' }, 'invalid_request', 'expires_in_s'],
  ['sendMessage', { to, content: 'x', expires_in_s: 604_801 }, 'invalid_request', 'expires_in_s'],
  ['sendMessage', { to, content: 'x', extra: 1 }, 'invalid_request', 'extra'],
  ['sendMessage', { to, content: 'x'.repeat(4097) }, 'content_too_large', 'content'],
  [
    'sendMessage',
    { to, content: 'x', idempotency_key: 'k'.repeat(129) },
    'invalid_request',
    'idempotency_key',
  ],
] satisfies [OperationName, Record<string, unknown>, string, string][];

test.each(refused)('%s refuses %j with %s', (name, values, code, field) => {
  expect(() => validateInput(name, structuredClone(values as Record<string, unknown>))).toThrow(
    expect.objectContaining({ code, details: expect.objectContaining({ field }) }),
  );
});

test.each([
  ['sendMessage', { to }, 'content is missing'],
  ['sendMessage', { to, contnet: 'x' }, 'content is missing'],
  ['sendMessage', { to, content: 'x', reply_too: 'x' }, 'reply_too is unknown (did you mean reply_to?)'],
  ['sendMessage', { to, content: 'x', nonsense: 1 }, 'nonsense is unknown.'],
  ['sendMessage', { to, content: 5 }, 'content must be a string'],
  ['sendMessage', { to, content: '' }, 'content must not be empty'],
  ['listPeers', { limit: '1001' }, 'limit must be at most 1000'],
  ['listPeers', { limit: 'many' }, 'limit must be a whole number'],
  ['listPeers', { online: 'yes' }, 'online must be true or false'],
  ['listPeers', { trust: 'friend' }, 'trust must be one of stranger, contact, blocked'],
  ['addPeer', { pubkey: to, alias: 'x'.repeat(65) }, 'alias must have at most 64 characters'],
  ['markRead', {}, 'it must have at least one field'],
  ['markRead', { id: 'x', all: true }, 'it must have at most one field'],
] satisfies [OperationName, Record<string, unknown>, string][])(
  '%s describes what is wrong with %j in plain words',
  (name, values, said) => {
    expect(() => validateInput(name, structuredClone(values as Record<string, unknown>))).toThrow(said);
  },
);

test("an error never repeats the caller's values", () => {
  const secret = 'my secret words';
  for (const values of [
    { to, content: 'x', extra: secret },
    { to, content: 'x', type: secret },
  ]) {
    try {
      validateInput('sendMessage', values);
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain(secret);
    }
  }
});

test('cuts between code points, and counts bytes as UTF-8', () => {
  for (const text of ['', 'abc', 'é', '€', '👋', '👩‍👩‍👧', 'a\u0000b']) {
    expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
  }
  expect(cutChars('👋👋👋', 2)).toBe('👋👋');
});

test.each([
  ['ab'.repeat(32), true],
  ['AB'.repeat(32), false],
  ['ab'.repeat(31), false],
  [`${'ab'.repeat(32)}\n`, false],
  [5, false],
  [null, false],
])('%j is a key: %s', (text, is) => {
  expect(isHex64(text)).toBe(is);
});

test('detects nesting beyond a limit without descending further', () => {
  const nest = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  expect([
    isNestedWithin(5, 0),
    isNestedWithin([], 0),
    isNestedWithin([], 1),
    isNestedWithin({ a: [] }, 1),
  ]).toEqual([true, false, true, false]);
  expect([
    isNestedWithin(nest(32), 32),
    isNestedWithin(nest(33), 32),
    isNestedWithin(nest(100_000), 32),
  ]).toEqual([true, false, false]);
});

test('every schema of an operation is valid JSON Schema: no start checks that again', () => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  for (const { input, output } of Object.values(operations))
    for (const schema of [input, output])
      expect(schema === undefined || ajv.validateSchema(schema), ajv.errorsText()).toBe(true);
});
