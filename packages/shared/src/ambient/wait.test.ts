import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { backoffMs, withJitter } from './backoff.ts';
import { atMostEvery, pollUntil, settlesWithin } from './wait.ts';

test('a poll returns what it finds, or null after its time', async () => {
  const clock = createFakeClock();
  let looks = 0;
  const found = pollUntil(clock, { everyMs: 100, forMs: 1_000 }, () => (++looks === 3 ? 'here' : null));
  await clock.advance(1_000);
  expect([await found, looks]).toEqual(['here', 3]);

  const missed = pollUntil(clock, { everyMs: 400, forMs: 1_000 }, () => null);
  await clock.advance(2_000);
  expect(await missed).toBeNull();
});

test('waits for a promise until the time is over, and passes on its failure', async () => {
  const clock = createFakeClock();
  expect(await settlesWithin(clock, 50, Promise.resolve())).toBe(true);
  const late = settlesWithin(clock, 50, new Promise(() => {}));
  await clock.advance(50);
  expect(await late).toBe(false);
  await expect(settlesWithin(clock, 50, Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('allows something at most once a minute, and again after one', async () => {
  const clock = createFakeClock();
  const isDue = atMostEvery(clock, 60_000);
  expect([isDue(), isDue()]).toEqual([true, false]);
  await clock.advance(60_000);
  expect(isDue()).toBe(true);
});

test('a back-off doubles up to its maximum, and half of it is random', () => {
  const range = { firstMs: 1_000, maxMs: 5_000 };
  expect([0, 1, 2, 3, 1_100].map((failures) => backoffMs(range, failures))).toEqual([
    1_000, 2_000, 4_000, 5_000, 5_000,
  ]);
  expect([withJitter(1_000, 0), withJitter(1_000, 0.5)]).toEqual([500, 750]);
});
