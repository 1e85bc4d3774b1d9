import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createStanding } from './reputation.ts';

test('ten bad signatures at once use it up, one a minute does not', async () => {
  const clock = createFakeClock();
  const standing = createStanding(clock);
  const many = Array.from({ length: 10 }, () => standing.charge('forged'));
  expect(many).toEqual([...Array(9).fill(false), true]);
  const patient = createStanding(clock);
  for (let minute = 0; minute < 100; minute++) {
    expect(patient.charge('forged')).toBe(false);
    await clock.advance(60_000);
  }
});

test('five huge frames use it up, and fifty frames of garbage', () => {
  const clock = createFakeClock();
  const huge = createStanding(clock);
  expect(Array.from({ length: 5 }, () => huge.charge('frame_too_large'))).toEqual([
    false,
    false,
    false,
    false,
    true,
  ]);
  const garbage = createStanding(clock);
  const charged = Array.from({ length: 50 }, () => garbage.charge('garbage_frame'));
  expect(charged.indexOf(true)).toBe(49);
});

test('what was not asked for costs half of it at most, however often', () => {
  const standing = createStanding(createFakeClock());
  for (let i = 0; i < 10_000; i++) expect(standing.charge('unasked')).toBe(false);
  expect(Array.from({ length: 5 }, () => standing.charge('forged'))).toEqual([
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(standing.charge('unasked')).toBe(false);
});

test('comes back in ten minutes, and never beyond its measure', async () => {
  const clock = createFakeClock();
  const standing = createStanding(clock);
  for (let i = 0; i < 9; i++) standing.charge('forged');
  await clock.advance(3_600_000);
  expect(Array.from({ length: 10 }, () => standing.charge('forged')).indexOf(true)).toBe(9);
});
