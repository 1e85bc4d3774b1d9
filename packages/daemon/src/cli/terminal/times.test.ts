import { expect, test } from 'vitest';
import { localTime } from './times.ts';

const now = new Date(2026, 0, 31, 12, 0).getTime();
const ago = (ms: number): string => new Date(now - ms).toISOString();

test('a time of today has no date', () => {
  expect(localTime(ago(3 * 3_600_000), now)).toBe('09:00');
  expect(localTime(ago(24 * 3_600_000), now)).toBe('2026-01-30 12:00');
});
