import { expect, test } from 'vitest';
import { hasQuery, isLocalRelay, maskQueries } from './relay-address.ts';

test.each([
  'ws://127.0.0.1:7777',
  'ws://localhost',
  'wss://localhost/inbox',
  'ws://relay:7777',
  'ws://10.0.0.3',
  'ws://172.16.0.1',
  'ws://192.168.1.5:80/x',
  'ws://[::1]:7777',
  'ws://[fd00::1]',
  'ws://pi.local',
  'ws://pi.local.',
  'ws://nas.home.arpa',
  'ws://wiki.corp:8080/x',
])('%s is near', (url) => {
  expect(isLocalRelay(url)).toBe(true);
});

test.each([
  'wss://nos.lol',
  'wss://172.32.0.1',
  'wss://11.0.0.1',
  'wss://127.0.0.1.nip.io',
  'wss://[2606:4700::1]',
  'wss://local.example.com',
  'ws://hidden.onion',
])('%s is public', (url) => {
  expect(isLocalRelay(url)).toBe(false);
});

test.each([
  ['wss://a.test/?token=s3cret', 'wss://a.test/?…'],
  ['add wss://a.test/x?token=s3cret&b=1 again', 'add wss://a.test/x?… again'],
  ['`WSS://a.test?s3cret`, https://a.test/?k=s3cret', '`WSS://a.test?…`, https://a.test/?…'],
  ['wss://me:s3cret@a.test/x?y=1', 'wss://…@a.test/x?…'],
  ['bad: WS://s3cret@a.test.', 'bad: WS://…@a.test.'],
  ['mail bob@a.test about wss://a.test', 'mail bob@a.test about wss://a.test'],
  ['wss://a.test/inbox', 'wss://a.test/inbox'],
  ['Really? wss://a.test', 'Really? wss://a.test'],
])('hides the query in %j', (text, shown) => {
  expect(maskQueries(text)).toBe(shown);
});

test('knows URLs that may hold a secret', () => {
  expect(['wss://a.test', 'wss://a.test/?x', 'wss://a.test/x?y=1'].map(hasQuery)).toEqual([
    false,
    true,
    true,
  ]);
});
