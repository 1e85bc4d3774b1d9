import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createTokenBucket } from './token-bucket.ts';

const taken = (bucket: ReturnType<typeof createTokenBucket>, tries: number): number =>
  Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;

test('gives the burst at once, then what is refilled over time', async () => {
  const clock = createFakeClock();
  const bucket = createTokenBucket(clock, { burst: 10, perSecond: 2 });
  expect(taken(bucket, 50)).toBe(10);
  await clock.advance(1_500);
  expect(taken(bucket, 50)).toBe(3);
  await clock.advance(3_600_000);
  expect(taken(bucket, 50)).toBe(10);
});

test('says how long until the next token, and has it then', async () => {
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

test('a failed take costs nothing, and small refills add up', async () => {
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

test('a jump of the wall clock refills nothing', () => {
  const clock = createFakeClock();
  const bucket = createTokenBucket(clock, { burst: 5, perSecond: 1 });
  taken(bucket, 5);
  clock.jump(86_400_000);
  expect(bucket.take()).toBe(false);
});
