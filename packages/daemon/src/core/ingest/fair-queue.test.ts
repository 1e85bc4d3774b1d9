import { expect, test } from 'vitest';
import { createFairQueue } from './fair-queue.ts';

test('gives each queue its turn, however full another one is', () => {
  const queue = createFairQueue<string>();
  for (let n = 0; n < 1_000; n++) queue.push('flood', `f${n}`, 1);
  for (const item of ['a', 'b']) queue.push('quiet', item, 1);
  queue.push('late', 'z', 1);
  expect(Array.from({ length: 8 }, () => queue.shift())).toEqual([
    ...['f0', 'a', 'z', 'f1', 'b', 'f2', 'f3', 'f4'],
  ]);
});

test('keeps the order within a queue', () => {
  const queue = createFairQueue<number>();
  for (let n = 0; n < 5; n++) queue.push('one', n, 1);
  expect(Array.from({ length: 6 }, () => queue.shift())).toEqual([0, 1, 2, 3, 4, undefined]);
});

test('finds the queue with the most bytes, and removes its newest item', () => {
  const queue = createFairQueue<string>();
  for (let n = 0; n < 10; n++) queue.push('many', `m${n}`, 10);
  queue.push('large', 'l', 500);
  expect(queue.longest()).toBe('large');
  expect(queue.pop('large')).toBe('l');
  expect(queue.longest()).toBe('many');
  expect(queue.pop('many')).toBe('m9');
  expect([queue.count(), queue.bytes()]).toEqual([9, 90]);
});

test('counts are zero again when all queues are empty', () => {
  const queue = createFairQueue<number>();
  for (let n = 0; n < 100; n++) queue.push(`${n % 7}`, n, n);
  while (queue.shift() !== undefined);
  expect([queue.count(), queue.bytes(), queue.longest(), queue.pop('1')]).toEqual([
    ...[0, 0, undefined, undefined],
  ]);
});
