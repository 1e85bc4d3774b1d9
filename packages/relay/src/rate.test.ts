import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { relayLimits } from './limits.ts';
import { isLoopback } from './network-address.ts';
import { createAddressQuotas } from './rate.ts';

const limits = { ...relayLimits, connectionsPerAddress: 2, eventsPerMinute: 60, eventsAtOnce: 3 };
const LAN = '192.168.1.7';

function open() {
  const clock = createFakeClock();
  return { clock, quotas: createAddressQuotas(clock, limits) };
}

test('an address has a burst, then a rate, shared by all its connections', async () => {
  const { clock, quotas } = open();
  const [first, second] = [quotas.take(LAN), quotas.take(LAN)];
  expect([first?.mayWrite(), second?.mayWrite(), first?.mayWrite(), second?.mayWrite()]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  await clock.advance(1000);
  expect([first?.mayWrite(), second?.mayWrite()]).toEqual([true, false]);
  await clock.advance(3_600_000);
  expect([1, 2, 3, 4].map(() => first?.mayWrite())).toEqual([true, true, true, false]);
});

test('a jump of the wall clock earns no writes', () => {
  const { clock, quotas } = open();
  const quota = quotas.take(LAN);
  for (let i = 0; i < 3; i++) quota?.mayWrite();
  clock.jump(3_600_000);
  expect(quota?.mayWrite()).toBe(false);
});

test('an address has a limited number of connections, and room again when one closes', () => {
  const { quotas } = open();
  const quota = quotas.take(LAN);
  quotas.take(LAN);
  expect(quotas.take(LAN)).toBeNull();
  expect(quotas.take('192.168.1.8')).not.toBeNull();
  quota?.release();
  expect(quotas.take(LAN)).not.toBeNull();
});

test('reconnecting does not refill the rate; an address is forgotten once it is full again', async () => {
  const { clock, quotas } = open();
  const quota = quotas.take(LAN);
  for (let i = 0; i < 3; i++) quota?.mayWrite();
  quota?.release();
  quotas.sweep();
  const again = quotas.take(LAN);
  expect(again?.mayWrite()).toBe(false);
  again?.release();
  await clock.advance(3000);
  quotas.sweep();
  expect(quotas.count()).toBe(0);
});

test('loopback is not limited', () => {
  const { quotas } = open();
  const taken = Array.from({ length: 50 }, () => quotas.take('::ffff:127.0.0.1'));
  expect(taken.every((quota) => quota?.mayWrite())).toBe(true);
  expect(quotas.count()).toBe(0);
});

test.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['localhost', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.0.0.1.example', false],
  ['1127.0.0.1', false],
])('%s is loopback: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});
