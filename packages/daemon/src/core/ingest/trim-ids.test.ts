import { expect, test } from 'vitest';
import { shareOf } from './trim-ids.ts';

test.each([
  [[], 10, Number.POSITIVE_INFINITY],
  [[10], 10, Number.POSITIVE_INFINITY],
  [[11], 10, 10],
  [[1, 2, 100], 10, 7],
  [[50, 1, 50], 11, 5],
  [[5, 5, 5], 2, 1],
])('of %j with room for %i, one keeps at most %s', (counts, total, share) => {
  expect(shareOf(counts, total)).toBe(share);
});
