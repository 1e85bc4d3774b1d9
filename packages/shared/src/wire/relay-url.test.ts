import { expect, test } from 'vitest';
import { parseRelayUrl } from './relay-url.ts';

test.each([
  ['wss://a.test', 'wss://a.test'],
  ['WSS://A.Test:443/', 'wss://a.test'],
  [' ws://127.0.0.1:80 ', 'ws://127.0.0.1'],
  ['ws://[::1]:7447/', 'ws://[::1]:7447'],
  ['wss://a.test/inbox', 'wss://a.test/inbox'],
  ['wss://a.test/inbox/', 'wss://a.test/inbox/'],
  ['wss://a.test/?x=1#y', 'wss://a.test/?x=1'],
  ['wss://bücher.test', 'wss://xn--bcher-kva.test'],
])('brings %j into the form %s', (text, url) => {
  expect(parseRelayUrl(text)).toEqual({ url });
  expect(parseRelayUrl(url)).toEqual({ url });
});

test.each([
  '',
  'nos.lol',
  'wss://',
  'wss:nos.lol',
  'https://nos.lol',
  'file:///etc/passwd',
  'wss://a b',
  'wss://a.test:99999',
])('%j is no relay address', (text) => {
  expect(parseRelayUrl(text)).toEqual({ problem: 'no_address' });
});

test.each(['wss://user@a.test', 'wss://user:secret@a.test', 'wss://:secret@a.test'])(
  '%j holds a password',
  (text) => {
    expect(parseRelayUrl(text)).toEqual({ problem: 'credentials' });
  },
);
