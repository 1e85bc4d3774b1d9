import { expect, test } from 'vitest';
import { createSeededRandom } from './seeded-random.ts';

test('the same seed gives the same numbers, another seed others', () => {
  const run = (seed: number) => {
    const random = createSeededRandom(seed);
    return [random.unit(), [...random.bytes(8)], random.unit()];
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
});

test('numbers stay in [0, 1) and spread evenly', () => {
  const random = createSeededRandom(1);
  const draws = Array.from({ length: 10_000 }, () => random.unit());
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  expect(mean).toBeGreaterThan(0.48);
  expect(mean).toBeLessThan(0.52);
});

test('bytes have the requested length and cover the whole range', () => {
  const bytes = createSeededRandom(2).bytes(10_000);
  expect(bytes).toHaveLength(10_000);
  expect([Math.min(...bytes), Math.max(...bytes)]).toEqual([0, 255]);
});
