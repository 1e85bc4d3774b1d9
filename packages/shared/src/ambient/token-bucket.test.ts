import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createTokenBucket } from './token-bucket.ts';

const taken = (bucket: ReturnType<typeof createTokenBucket>, tries: number): number =>
  Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;

test('gives so many at once, then as many as come back with time', async () => {
  const clock = createFakeClock();
  const bucket = createTokenBucket(clock, { burst: 10, perSecond: 2 });
  expect(taken(bucket, 50)).toBe(10);
  await clock.advance(1_500);
  expect(taken(bucket, 50)).toBe(3);
  await clock.advance(3_600_000);
  expect(taken(bucket, 50)).toBe(10);
});

test('says how long until the next one, and then has it', async () => {
  const clock = createFakeClock();
  const bucket = createTokenBucket(clock, { burst: 1, perSecond: 0.3 });
  expect(bucket.waitMs()).toBe(0);
  for (let round = 0; round < 20; round++) {
    expect(bucket.take()).toBe(true);
    expect(bucket.take()).toBe(false);
    await clock.advance(bucket.waitMs() - 1);
    expect(bucket.has()).toBe(false);
    await clock.advance(1);
  }
});

test('what is asked for in vain costs nothing, and small steps add up', async () => {
  const clock = createFakeClock();
  const bucket = createTokenBucket(clock, { burst: 1, perSecond: 0.1 });
  bucket.take();
  for (let step = 0; step < 9_999; step++) {
    await Promise.resolve();
    if (step % 1_000 === 999) await clock.advance(1_000);
    expect(bucket.take()).toBe(false);
  }
  await clock.advance(1_000);
  expect(bucket.take()).toBe(true);
});

test('a wall clock that jumps earns nothing', () => {
  const clock = createFakeClock();
  const bucket = createTokenBucket(clock, { burst: 5, perSecond: 1 });
  taken(bucket, 5);
  clock.jump(86_400_000);
  expect(bucket.take()).toBe(false);
});
