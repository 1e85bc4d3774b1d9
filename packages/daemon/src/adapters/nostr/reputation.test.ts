import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createReputation } from './reputation.ts';

test('ten bad signatures at once use it up, one a minute does not', async () => {
  const clock = createFakeClock();
  const reputation = createReputation(clock);
  const many = Array.from({ length: 10 }, () => reputation.penalize('forged'));
  expect(many).toEqual([...Array(9).fill(false), true]);
  const other = createReputation(clock);
  for (let minute = 0; minute < 100; minute++) {
    expect(other.penalize('forged')).toBe(false);
    await clock.advance(60_000);
  }
});

test('fifty frames of garbage use it up', () => {
  const clock = createFakeClock();
  const garbage = createReputation(clock);
  const results = Array.from({ length: 50 }, () => garbage.penalize('garbage_frame'));
  expect(results.indexOf(true)).toBe(49);
});

test('unasked events cost half of it at most, however many', () => {
  const reputation = createReputation(createFakeClock());
  for (let i = 0; i < 10_000; i++) expect(reputation.penalize('unasked')).toBe(false);
  expect(Array.from({ length: 5 }, () => reputation.penalize('forged'))).toEqual([
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(reputation.penalize('unasked')).toBe(false);
});

test('is full again after ten minutes, and never more than full', async () => {
  const clock = createFakeClock();
  const reputation = createReputation(clock);
  for (let i = 0; i < 9; i++) reputation.penalize('forged');
  await clock.advance(3_600_000);
  expect(Array.from({ length: 10 }, () => reputation.penalize('forged')).indexOf(true)).toBe(9);
});
