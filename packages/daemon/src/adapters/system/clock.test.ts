import { every } from '@ocmesh/shared/ambient';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSystemClock } from './clock.ts';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance', 'Date'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Counts how often the process wakes up, and what runs then. */
function wakeUpsWithin(ms: number): number {
  let wakeUps = 0;
  const end = performance.now() + ms;
  while (performance.now() < end) {
    vi.advanceTimersToNextTimer();
    wakeUps++;
  }
  return wakeUps;
}

test('repeated timers with any start and interval wake the process together', () => {
  const clock = createSystemClock();
  const runs = [2_000, 5_000, 10_000, 60_000].map((intervalMs) => {
    const run = vi.fn();
    vi.advanceTimersByTime(137);
    every(clock, intervalMs, run);
    return run;
  });
  expect(wakeUpsWithin(120_000)).toBeLessThanOrEqual(61);
  // None drifts: each runs as often as its interval says.
  expect(runs.map(({ mock }) => mock.calls.length)).toEqual([60, 24, 12, 2]);
});

test('a timer with slack runs no earlier than asked for, and at most one tick later', () => {
  const clock = createSystemClock();
  const began = performance.now();
  const run = vi.fn(() => performance.now());
  clock.after(5_000, run, 2_000);
  vi.advanceTimersByTime(4_998);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_002);
  expect(run.mock.results[0]?.value - began).toBeLessThanOrEqual(7_000);
});

test('one without slack, or with too little, is exact', () => {
  const clock = createSystemClock();
  const run = vi.fn();
  vi.advanceTimersByTime(333);
  clock.after(50, run);
  clock.after(50, run, 50);
  vi.advanceTimersByTime(49);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledTimes(2);
});

test('a cancelled timer does not run, and leaves others on its tick alone', () => {
  const clock = createSystemClock();
  const [one, other] = [vi.fn(), vi.fn()];
  const cancel = clock.after(2_000, one, 2_000);
  const cancelOther = clock.after(2_000, other, 2_000);
  cancel();
  cancel();
  vi.advanceTimersByTime(4_000);
  expect([one, other].map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
  clock.after(2_000, one, 2_000)();
  cancelOther();
  expect(vi.getTimerCount()).toBe(0);
});
