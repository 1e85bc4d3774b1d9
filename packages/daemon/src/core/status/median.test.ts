import { expect, test } from 'vitest';
import { medianOf } from './median.ts';

test.each([
  [[], null],
  [[5], 5],
  [[-1, 9], 4],
  [[100, -3, 2], 2],
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %s', (values, median) => {
  expect(medianOf(values)).toBe(median);
});
