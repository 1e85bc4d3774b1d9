import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closeFrame, parseRelayFrame, reasonPrefix, reqFrame } from './frames.ts';

test.each([
  ['["EVENT","s",{"a":1}]', { type: 'EVENT', subscription: 's', event: { a: 1 } }],
  ['["EVENT","s"]', { type: 'EVENT', subscription: 's', event: undefined }],
  ['["EOSE","s"]', { type: 'EOSE', subscription: 's', hint: null }],
  ['["EOSE","s","more"]', { type: 'EOSE', subscription: 's', hint: 'more' }],
  ['["EOSE","s","finish"]', { type: 'EOSE', subscription: 's', hint: 'finish' }],
  ['["EOSE","s",{"more":true}]', { type: 'EOSE', subscription: 's', hint: null }],
  ['["CLOSED","s","why"]', { type: 'CLOSED', subscription: 's', reason: 'why' }],
  ['["CLOSED","s",5]', { type: 'CLOSED', subscription: 's', reason: '' }],
  ['["OK","id",true,"r"]', { type: 'OK', eventId: 'id', accepted: true, reason: 'r' }],
  ['["OK","id","true"]', { type: 'OK', eventId: 'id', accepted: true, reason: '' }],
  ['["OK","id","TRUE","r"]', { type: 'OK', eventId: 'id', accepted: true, reason: 'r' }],
  ['["OK","id",1,null]', { type: 'OK', eventId: 'id', accepted: true, reason: '' }],
  ['["OK","id","false","r"]', { type: 'OK', eventId: 'id', accepted: false, reason: 'r' }],
  ['["OK","id",0]', { type: 'OK', eventId: 'id', accepted: false, reason: '' }],
  ['["OK","id"]', { type: 'OK', eventId: 'id', accepted: false, reason: '' }],
  ['["AUTH","c"]', { type: 'AUTH', challenge: 'c' }],
  ['["NOTICE","t"]', { type: 'NOTICE', text: 't' }],
  ['["NOTICE"]', { type: 'NOTICE', text: '' }],
  ['["EVENT",5,{}]', null],
  ['["AUTH",{}]', null],
  [`["AUTH","${'c'.repeat(1_025)}"]`, null],
  [
    '["COUNT","s",{"count":7}]',
    { type: 'COUNT', subscription: 's', count: 7, isApproximate: false, registers: null },
  ],
  [
    `["COUNT","s",{"count":7,"approximate":true,"hll":"${'0a'.repeat(256)}"}]`,
    { type: 'COUNT', subscription: 's', count: 7, isApproximate: true, registers: Array(256).fill(10) },
  ],
  [
    `["COUNT","s",{"count":7,"hll":"${'0a'.repeat(255)}"}]`,
    { type: 'COUNT', subscription: 's', count: 7, isApproximate: false, registers: null },
  ],
  ['["COUNT","s",{"count":-1}]', null],
  ['["COUNT","s",{"count":"7"}]', null],
  ['["COUNT","s",{}]', null],
  ['["event","s",{}]', null],
  ['[]', null],
  ['{}', null],
  ['null', null],
  ['"EOSE"', null],
  ['', null],
  ['[', null],
])('reads %s', (text, frame) => {
  expect(parseRelayFrame(text)).toEqual(frame);
});

test('never throws', () => {
  const frame = fc.tuple(
    fc.constantFrom('EVENT', 'EOSE', 'CLOSED', 'COUNT', 'OK', 'AUTH', 'NOTICE', '__proto__'),
    fc.jsonValue(),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.json(),
        frame.map((parts) => JSON.stringify(parts)),
      ),
      (text) => {
        parseRelayFrame(text);
      },
    ),
  );
  expect(parseRelayFrame('['.repeat(100_000))).toBeNull();
});

test('writes frames that relays read', () => {
  expect(JSON.parse(reqFrame('s', [{ kinds: [4], '#p': ['x'] }, { limit: 0 }]))).toEqual([
    'REQ',
    's',
    { kinds: [4], '#p': ['x'] },
    { limit: 0 },
  ]);
  expect(closeFrame('s')).toBe('["CLOSE","s"]');
});

test.each([
  ['auth-required: we only serve members', 'auth-required'],
  ['ERROR: auth-required: we only serve members', 'auth-required'],
  ['Auth-Required : x', 'auth-required'],
  ['restricted: no', 'restricted'],
  ['error: restricted: no', 'restricted'],
  ['rate-limited: slow down', 'rate-limited'],
  ['blocked: you', 'blocked'],
  ['pow: difficulty 20', 'pow'],
  ['duplicate: have it', 'duplicate'],
  ['duplicate', 'duplicate'],
  ['Duplicate event', 'duplicate'],
  ['event already exists', 'duplicate'],
  ['ERROR: already have this event', 'duplicate'],
  ['invalid: duplicate tag', 'invalid'],
  ['blocked: you already have an account', 'blocked'],
  ['you already', 'other'],
  ['replaced: have newer', 'replaced'],
  ['invalid: bad sig', 'invalid'],
  ['mute: nobody listens', 'mute'],
  ['error: disk full', 'error'],
  ['ERROR: x', 'error'],
  ['', 'other'],
  ['no prefix here', 'other'],
  ['unblocked: x', 'other'],
  ['not-restricted: x', 'other'],
  ['blocked', 'other'],
  ['the error was: x', 'other'],
])('%j has the prefix %s', (reason, prefix) => {
  expect(reasonPrefix(reason)).toBe(prefix);
});
