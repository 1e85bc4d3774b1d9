import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createReputation } from './reputation.ts';

test('ten bad signatures at once use it up, one a minute does not', async () => {
  const clock = createFakeClock();
  const standing = createReputation(clock);
  const many = Array.from({ length: 10 }, () => standing.penalize('forged'));
  expect(many).toEqual([...Array(9).fill(false), true]);
  const home = createReputation(clock);
  for (let minute = 0; minute < 100; minute++) {
    expect(home.penalize('forged')).toBe(false);
    await clock.advance(60_000);
  }
});

test('five huge frames use it up, and fifty frames of garbage', () => {
  const clock = createFakeClock();
  const huge = createReputation(clock);
  expect(Array.from({ length: 5 }, () => huge.penalize('frame_too_large'))).toEqual([
    false,
    false,
    false,
    false,
    true,
  ]);
  const garbage = createReputation(clock);
  const charged = Array.from({ length: 50 }, () => garbage.penalize('garbage_frame'));
  expect(charged.indexOf(true)).toBe(49);
});

test('what was not asked for costs half of it at most, however often', () => {
  const standing = createReputation(createFakeClock());
  for (let i = 0; i < 10_000; i++) expect(standing.penalize('unasked')).toBe(false);
  expect(Array.from({ length: 5 }, () => standing.penalize('forged'))).toEqual([
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(standing.penalize('unasked')).toBe(false);
});

test('comes back in ten minutes, and never beyond its measure', async () => {
  const clock = createFakeClock();
  const standing = createReputation(clock);
  for (let i = 0; i < 9; i++) standing.penalize('forged');
  await clock.advance(3_600_000);
  expect(Array.from({ length: 10 }, () => standing.penalize('forged')).indexOf(true)).toBe(9);
});
