import { expect, test } from 'vitest';
import { publicRelays } from './relay-list.ts';

test.each(['wss://relay.example', 'wss://hidden.onion', 'ws://hidden.onion:8080/inbox'])(
  '%s is kept',
  (url) => {
    expect(publicRelays([url])).toEqual([url]);
  },
);

test.each([
  'ws://relay.example',
  'ws://relay.onion.example',
  'ws://onion',
  'wss://127.0.0.1',
  'wss://nas.home.arpa',
  'wss://relay.local.',
  'wss://hidden.i2p',
  'wss://relay.example/?token=1',
])('%s is left out', (url) => {
  expect(publicRelays([url])).toEqual([]);
});
