import { expect, test } from 'vitest';
import { timeAgo } from './time-ago.ts';

const now = Date.UTC(2026, 0, 31, 12, 0);
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

test('says in the words of the caller what is less than a minute ago', () => {
  expect(timeAgo(ago(1_000), now, 'just now')).toBe('just now');
});
