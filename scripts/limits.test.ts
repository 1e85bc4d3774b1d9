import { expect, test } from 'vitest';
import { formatValue, limitsDocument, readLimits } from './generate/limits.mjs';

test.each([
  ['restBodyBytes', 64 * 1024, '64 KiB'],
  ['bytes', 8 * 1024 * 1024, '8 MiB'],
  ['bytesPerSecond', 8 * 1024 * 1024, '8 MiB'],
  ['plaintextBytes', 20_000, '20,000 bytes'],
  ['okBatchMs', 20, '20 ms'],
  ['pingMs', 30_000, '30 s'],
  ['pastSec', 94_608_000, '1,095 days'],
  ['waitSeconds', 55, '55 s'],
  ['outboxDays', 7, '7 days'],
  ['contentChars', 4096, '4,096 characters'],
  ['peers', 10_000, '10,000'],
])('%s of %d is written as people write it', (name, value, text) => {
  expect(formatValue(name, value)).toBe(text);
});

test('a limit that shares the comment of another is refused', () => {
  const source = `/** Limits. */\nexport const x = {\n  /** Both. */\n  a: 1,\n  b: 2,\n} as const;\n`;
  expect(() => readLimits(source)).toThrow('the limit b has no comment');
});

test('no two limits are described in the same words', () => {
  const rows = limitsDocument('')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const words = rows.map((row) => row.split(' | ').slice(2).join());
  expect(rows.length).toBeGreaterThan(200);
  expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
});
