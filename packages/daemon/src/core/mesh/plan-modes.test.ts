import { expect, test } from 'vitest';
import { type DiscoveryMode, planModes, type RelayCost } from './plan-modes.ts';

const BUDGET = 50_000_000;
const relay = (url: string, mode: DiscoveryMode | null, megabytes: number): RelayCost => ({
  url,
  mode,
  bytesPerDay: megabytes * 1_000_000,
});
const modesOf = (...relays: RelayCost[]) => [...planModes(relays, BUDGET).values()];

test('follows as many relays as the budget allows, in their order', () => {
  expect(modesOf(relay('a', null, 12), relay('b', null, 12), relay('c', null, 12))).toEqual([
    'all',
    'all',
    'sampled',
  ]);
});

test('a relay that is too large does not keep a later, smaller one from being followed', () => {
  expect(modesOf(relay('a', 'all', 400), relay('b', 'all', 1))).toEqual(['sampled', 'all']);
  expect(modesOf(relay('a', 'all', Number.POSITIVE_INFINITY), relay('b', 'all', 1))).toEqual([
    'sampled',
    'all',
  ]);
});

test('a relay changes back only well within the budget', () => {
  expect(modesOf(relay('a', 'all', 29))).toEqual(['all']);
  expect(modesOf(relay('a', 'all', 31))).toEqual(['sampled']);
  expect(modesOf(relay('a', 'sampled', 29))).toEqual(['sampled']);
  expect(modesOf(relay('a', 'sampled', 20))).toEqual(['all']);
});

test('without relays there is nothing to plan', () => {
  expect(modesOf()).toEqual([]);
});
