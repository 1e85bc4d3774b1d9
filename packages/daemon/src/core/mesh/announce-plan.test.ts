import type { Pubkey } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { announceIntervalMs, announceRelays } from './announce-plan.ts';

const BASE_MS = 300_000;
const self = 'ab'.repeat(32) as Pubkey;
const urls = ['wss://a.test', 'wss://b.test', 'wss://c.test', 'wss://d.test', 'wss://e.test'];

test.each([
  [0, 300],
  [2_999, 300],
  [3_000, 300],
  [3_001, 600],
  [10_000, 1_200],
  [36_000, 3_600],
  [1_000_000, 3_600],
])('on a relay with %i agents, each announces itself every %i s', (agents, seconds) => {
  expect(announceIntervalMs(agents, BASE_MS)).toBe(seconds * 1000);
});

test('never announces more often than configured', () => {
  expect(announceIntervalMs(5_000, 1_800_000)).toBe(1_800_000);
  expect(announceIntervalMs(10, 60_000)).toBe(60_000);
});

test.each([
  [100, 5, 0.34],
  [1_000, 5, 4],
  [10_000, 5, 11],
  [29_999, 5, 11],
  [100_000, 2, 30],
  [1_000_000, 1, 60],
])(
  'in a mesh of %i agents each is on %i relays, and none gets more than %d presences a second',
  (agents, copies, most) => {
    expect(announceRelays(self, urls, agents)).toHaveLength(copies);
    const onRelay = (agents * copies) / urls.length;
    expect((onRelay * 1000) / announceIntervalMs(onRelay, BASE_MS)).toBeLessThanOrEqual(most);
  },
);

test('a relay that is down is replaced by the next, and the others stay', () => {
  const chosen = announceRelays(self, urls, 100_000);
  const without = announceRelays(
    self,
    urls.filter((url) => url !== chosen[0]),
    100_000,
  );
  expect(without[0]).toBe(chosen[1]);
});

test('without open relays there is nowhere to announce', () => {
  expect(announceRelays(self, [], 100_000)).toEqual([]);
});
