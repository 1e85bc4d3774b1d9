import type { LookupAddress } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { createAddressPolicy, isPublicAddress } from './address-policy.ts';

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.0',
  '192.0.1.1',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001::1',
  '2001:200::1',
  '2001:4860:4860::8888',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:808:808',
  '::8.8.8.8',
  '64:ff9b::8.8.8.8',
  '64:ff9b::a00:1',
  '64:ff9b:1::1',
  '100::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '2001::1',
  '2001:2::1',
  '2001:10::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '3fff::1',
  'fe80::1%eth0',
  'localhost',
  '127.1',
  '',
])('%s is not', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

const policy = createAddressPolicy(() => false);

test.each([
  'wss://relay.example',
  'wss://relay.example:7777/path?x=1',
  'wss://8.8.8.8',
  'wss://[2606:4700::1]',
])('a peer may name %s', (url) => {
  expect(policy.allows(url)).toBe(true);
});

test.each([
  'ws://relay.example',
  'https://relay.example',
  'wss://user@relay.example',
  'wss://user:pass@relay.example',
  'wss://relay.example/#x',
  'wss://127.0.0.1',
  'wss://127.1',
  'wss://127.0.0.1.',
  'wss://0x7f000001',
  'wss://2130706433',
  'wss://0177.0.0.1',
  'wss://192.168.0.1:443',
  'wss://[::1]',
  'wss://[::ffff:127.0.0.1]',
  'wss://[fd00::1]',
  'wss://１２７.0.0.1',
  'ws+unix:///run/x',
  'relay.example',
  '',
])('a peer may not name %s', (url) => {
  expect(policy.allows(url)).toBe(false);
});

/** Resolves a name as a connection would. */
const ask = (lookup: typeof policy.lookup, host: string, options: { all?: boolean; family?: number }) =>
  new Promise<{ error: Error | null; address: string | LookupAddress[] }>((resolve) => {
    lookup(host, options, (error, address) => resolve({ error, address: address as string }));
  });

test('a name that resolves to this machine is refused', async () => {
  for (const options of [{ all: true }, { all: false }, { family: 4 }]) {
    const { error, address } = await ask(policy.lookup, 'localhost', options);
    expect(error?.message).toBe('localhost has an address that is not public');
    expect(address).toBe('');
  }
});

test('one private address among public ones refuses the name', async () => {
  const asked: string[] = [];
  const strict = createAddressPolicy(
    () => false,
    (address) => asked.push(address) > 1,
  );
  expect((await ask(strict.lookup, 'localhost', { all: true })).error).not.toBeNull();
});

test('the checked address is the one to connect to', async () => {
  const open = createAddressPolicy(
    () => false,
    () => true,
  );
  const { error, address } = await ask(open.lookup, 'localhost', { all: true });
  expect(error).toBeNull();
  const [first] = address as LookupAddress[];
  expect((await ask(open.lookup, 'localhost', {})).address).toBe(first?.address);
});

test('tests on loopback may replace the rule, and then use ws:', () => {
  const open = createAddressPolicy(
    () => false,
    (address) => address === '127.0.0.1',
  );
  expect(open.allows('ws://127.0.0.1:7')).toBe(true);
  expect(open.allows('ws://192.168.0.1')).toBe(false);
});

describe('through a proxy, which resolves the names', () => {
  const proxied = createAddressPolicy((url) => !url.includes('exempt'));

  test.each([
    'wss://relay.example',
    'wss://8.8.8.8',
    'ws://hidden.onion',
    'wss://hidden.onion:8443/path',
    // Reached directly, so its address is checked when it is resolved.
    'wss://exempt.lan',
  ])('a peer may name %s', (url) => {
    expect(proxied.allows(url)).toBe(true);
  });

  test.each([
    'ws://relay.example',
    'wss://127.0.0.1',
    'wss://10.0.0.1',
    'wss://[fd00::1]',
    'wss://printer',
    'wss://printer.',
    'wss://printer.local',
    'wss://printer.local.',
    'wss://nas.lan',
    'wss://nas.home.arpa',
    'wss://wiki.corp',
    'wss://metadata.google.internal',
    'ws://onion',
    'ws://hidden.onion.example',
    'ws://user@hidden.onion',
  ])('a peer may not name %s', (url) => {
    expect(proxied.allows(url)).toBe(false);
  });

  test.each(['ws://hidden.onion', 'wss://hidden.onion', 'wss://HIDDEN.onion.'])(
    '%s is refused without one, before it is looked up',
    (url) => {
      expect(policy.allows(url)).toBe(false);
    },
  );
});
