import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { relayLimits } from './limits.ts';
import { isLoopback } from './network-address.ts';
import { createVisitors } from './rate.ts';

const limits = { ...relayLimits, connectionsPerAddress: 2, eventsPerMinute: 60, eventsAtOnce: 3 };
const LAN = '192.168.1.7';

function open() {
  const clock = createFakeClock();
  return { clock, visitors: createVisitors(clock, limits) };
}

test('an address has a burst, then its share a minute, over all its connections', async () => {
  const { clock, visitors } = open();
  const [first, second] = [visitors.arrive(LAN), visitors.arrive(LAN)];
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

test('a jump of the wall clock gives nothing away', () => {
  const { clock, visitors } = open();
  const visit = visitors.arrive(LAN);
  for (let i = 0; i < 3; i++) visit?.mayWrite();
  clock.jump(3_600_000);
  expect(visit?.mayWrite()).toBe(false);
});

test('an address has so many connections, and a place again when one leaves', () => {
  const { visitors } = open();
  const visit = visitors.arrive(LAN);
  visitors.arrive(LAN);
  expect(visitors.arrive(LAN)).toBeNull();
  expect(visitors.arrive('192.168.1.8')).not.toBeNull();
  visit?.leave();
  expect(visitors.arrive(LAN)).not.toBeNull();
});

test('coming back does not bring a new ration; an address is forgotten once it has it again', async () => {
  const { clock, visitors } = open();
  const visit = visitors.arrive(LAN);
  for (let i = 0; i < 3; i++) visit?.mayWrite();
  visit?.leave();
  visitors.sweep();
  const again = visitors.arrive(LAN);
  expect(again?.mayWrite()).toBe(false);
  again?.leave();
  await clock.advance(3000);
  visitors.sweep();
  expect(visitors.count()).toBe(0);
});

test('loopback is not rationed', () => {
  const { visitors } = open();
  const visits = Array.from({ length: 50 }, () => visitors.arrive('::ffff:127.0.0.1'));
  expect(visits.every((visit) => visit?.mayWrite())).toBe(true);
  expect(visitors.count()).toBe(0);
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
