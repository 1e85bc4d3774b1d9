import { expect, test } from 'vitest';
import { collectGarbage } from './collect-garbage.ts';

const BYTES = 64 * 1024 * 1024;

test('frees a large buffer that nothing refers to, and leaves no global function behind', () => {
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  (() => Buffer.alloc(BYTES).fill(1)[0])();
  collectGarbage();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(BYTES / 2);
  expect(globalThis.gc).toBeUndefined();
});
