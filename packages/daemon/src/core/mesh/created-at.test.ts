import { expect, test } from 'vitest';
import { nextCreatedAtSec } from './created-at.ts';

const NOW_SEC = 1_800_000_000;
const NOW_MS = NOW_SEC * 1000;

test.each([
  ['the first', 0, 0, NOW_SEC],
  ['a later one', NOW_SEC - 300, 0, NOW_SEC],
  ['another in the same second', NOW_SEC, 0, NOW_SEC + 1],
  ['after our clock went back a little', NOW_SEC + 600, 0, NOW_SEC + 601],
  ['after our clock was a day ahead', NOW_SEC + 86_400, 0, NOW_SEC],
  ['while our clock is a day behind', NOW_SEC + 86_400, 86_400_000, NOW_SEC + 86_401],
  ['while our clock is a day ahead', NOW_SEC - 300, -86_400_000, NOW_SEC],
])('%s', (_, lastSec, offsetMs, expected) => {
  expect(nextCreatedAtSec(lastSec, NOW_MS, offsetMs)).toBe(expected);
});
