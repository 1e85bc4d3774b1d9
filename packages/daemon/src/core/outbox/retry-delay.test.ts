import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';

test('doubles from 2 seconds to 10 minutes', () => {
  const longest = [1, 2, 3, 8, 9, 10, 11, 100].map((attempts) => retryDelayMs(attempts, 0.9999999));
  expect(longest).toEqual([2_000, 4_000, 8_000, 256_000, 512_000, 600_000, 600_000, 600_000]);
});

test('has its jitter at every length, and is in whole milliseconds: the store accepts no others', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.9999, noNaN: true }),
      (attempts, unit) => {
        const longest = Math.min(600_000, 2_000 * 2 ** Math.min(attempts - 1, 16));
        const delay = retryDelayMs(attempts, unit);
        return Number.isInteger(delay) && delay >= longest / 2 && delay <= longest;
      },
    ),
  );
});
