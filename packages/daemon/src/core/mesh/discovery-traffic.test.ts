import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createDiscoveryTraffic } from './discovery-traffic.ts';

const HOUR = 3_600_000;
const MB = 1_000_000;

test.each([1, 10, 50])(
  'what can wait never takes more than a budget of %i MB in 24 hours',
  async (budget) => {
    const clock = createFakeClock();
    const traffic = createDiscoveryTraffic(clock, budget * MB);
    let most = 0;
    // Twice as much as the budget allows, and a fifth of it that cannot wait.
    for (let step = 0; step < 3 * 24 * 30; step++) {
      await clock.advance(HOUR / 30);
      traffic.noteLive((budget * MB) / 5 / 24 / 30, false);
      if (traffic.hasBudget()) traffic.noteSample((budget * MB * 2) / 24 / 30, 1);
      most = Math.max(most, traffic.lastDay().bytes);
    }
    expect(most).toBeLessThanOrEqual(budget * MB);
    expect(most).toBeGreaterThan(0.9 * budget * MB);
  },
);

test('a first scan is made up for within six hours', async () => {
  const clock = createFakeClock();
  const traffic = createDiscoveryTraffic(clock, 50 * MB);
  traffic.note(3 * MB, 5_000);
  await clock.advance(HOUR);
  expect(traffic.unplannedPerDay()).toBe(12 * MB);
  traffic.noteSample(MB, 500);
  traffic.noteLive(MB, true);
  expect(traffic.unplannedPerDay()).toBe(12 * MB);
  expect(traffic.followedPerDay()).toBe(24 * MB);
  await clock.advance(4 * HOUR);
  traffic.noteLive(MB, false);
  expect(traffic.unplannedPerDay()).toBe(24 * MB);
  await clock.advance(2 * HOUR);
  expect(traffic.unplannedPerDay()).toBe(4 * MB);
  expect(traffic.lastDay()).toMatchObject({ bytes: 6 * MB, liveBytes: 2 * MB });
});
