import { expect, test } from 'vitest';
import { localTime, timeAgo } from './times.ts';

const now = new Date(2026, 0, 31, 12, 0).getTime();
const ago = (ms: number): string => new Date(now - ms).toISOString();

test.each([
  [0, 'now'],
  [-60_000, 'now'],
  [59_999, 'now'],
  [60_000, '1 min ago'],
  [3_599_999, '59 min ago'],
  [3_600_000, '1 h ago'],
  [86_400_000, '1 d ago'],
  [now, 'never'],
])('%i ms ago is shown as %s', (ms, expected) => {
  expect(timeAgo(ago(ms), now)).toBe(expected);
});

test('a time of today has no date', () => {
  expect(localTime(ago(3 * 3_600_000), now)).toBe('09:00');
  expect(localTime(ago(24 * 3_600_000), now)).toBe('2026-01-30 12:00');
});
