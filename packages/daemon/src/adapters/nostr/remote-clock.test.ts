import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createRemoteClock } from './remote-clock.ts';

test('corrects the date by half the round trip and half a second', async () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const remote = createRemoteClock(clock);
  expect(remote.offsetMs()).toBeNull();
  const askedAt = clock.monotonic();
  await clock.advance(4_000);
  remote.note('Thu, 01 Jan 2026 00:10:00 GMT', askedAt);
  expect(remote.offsetMs()).toBe(600_000 + 500 - 2_000);
  await clock.advance(3_600_000);
  expect(remote.offsetMs()).toBe(598_500);
});

test('shows at once that our own clock was changed', () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const remote = createRemoteClock(clock);
  remote.note('Thu, 01 Jan 2026 00:00:00 GMT', clock.monotonic());
  clock.jump(86_400_000);
  expect(remote.offsetMs()).toBe(500 - 86_400_000);
  remote.forget();
  expect(remote.offsetMs()).toBeNull();
});

test('keeps its reading when the next response has no valid date', () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const remote = createRemoteClock(clock);
  remote.note('Thu, 01 Jan 2026 00:00:00 GMT', 0);
  remote.note(null, 0);
  remote.note('yesterday', 0);
  expect(remote.offsetMs()).toBe(500);
});
