import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reconnectDelayMs } from './reconnect.ts';

test('doubles from one second, to 8 seconds while alone and to 5 minutes else', () => {
  const longest = (alone: boolean) =>
    [0, 1, 2, 3, 4, 8, 9, 1_000].map((failures) => Math.round(reconnectDelayMs(failures, alone, 0.999999)));
  expect(longest(true)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, 8_000]);
  expect(longest(false)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 256_000, 300_000, 300_000]);
});

test('never comes back sooner than half the pause, nor two in step', () => {
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.boolean(),
      fc.double({ min: 0, max: 0.9999, noNaN: true }),
      (failures, alone, unit) => {
        const delay = reconnectDelayMs(failures, alone, unit);
        return delay >= 500 && delay <= (alone ? 8_000 : 300_000);
      },
    ),
  );
  expect(reconnectDelayMs(50, false, 0.1)).not.toBe(reconnectDelayMs(50, false, 0.2));
});
