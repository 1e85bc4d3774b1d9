import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReconnect, reconnectDelayMs } from './reconnect.ts';

test('doubles from one second, to 8 seconds while alone and to 5 minutes else', () => {
  const longest = (alone: boolean) =>
    [0, 1, 2, 3, 4, 8, 9, 1_000].map((failures) => Math.round(reconnectDelayMs(failures, alone, 0.999999)));
  expect(longest(true)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, 8_000]);
  expect(longest(false)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 256_000, 300_000, 300_000]);
});

test('never comes back sooner than half the pause, nor two in step', () => {
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.boolean(),
      fc.double({ min: 0, max: 0.9999, noNaN: true }),
      (failures, alone, unit) => {
        const delay = reconnectDelayMs(failures, alone, unit);
        return delay >= 500 && delay <= (alone ? 8_000 : 300_000);
      },
    ),
  );
  expect(reconnectDelayMs(50, false, 0.1)).not.toBe(reconnectDelayMs(50, false, 0.2));
});

describe('a comeback', () => {
  const minute = 60_000;
  const hour = 60 * minute;

  /** @param others how many other relays of our own are open */
  function open(others: number) {
    const clock = createFakeClock();
    const state = { others, connects: [] as number[] };
    const comeback = createReconnect({
      clock,
      random: createSeededRandom(1),
      connect: () => state.connects.push(clock.monotonic()),
      othersOpen: () => state.others > 0,
    });
    return { clock, state, comeback };
  }

  test('that fails over and over is tried every 5 minutes at most while another relay is open', async () => {
    const { clock, state, comeback } = open(1);
    for (let i = 0; i < 20; i++) {
      comeback.retry();
      await clock.advance(5 * minute);
      expect(state.connects).toHaveLength(i + 1);
    }
    expect(comeback.backoffUntil()).toBeNull();
    expect(clock.pending()).toBe(0);
  });

  test('starts over after a good connection', async () => {
    const { clock, state, comeback } = open(1);
    for (let i = 0; i < 10; i++) {
      comeback.retry();
      await clock.advance(5 * minute);
    }
    comeback.reset();
    comeback.retry();
    await clock.advance(1_000);
    expect(state.connects).toHaveLength(11);
  });

  test('that waits for minutes is tried within 8 seconds when the last open relay goes down', async () => {
    const { clock, state, comeback } = open(1);
    for (let i = 0; i < 12; i++) {
      comeback.retry();
      if (i < 11) await clock.advance(5 * minute);
    }
    state.others = 0;
    comeback.retrySoon();
    await clock.advance(8_000);
    expect(state.connects).toHaveLength(12);
  });

  test('that comes soon anyway is left as it is', async () => {
    const { clock, state, comeback } = open(1);
    comeback.retry();
    comeback.retrySoon();
    await clock.advance(1_000);
    expect(state.connects).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  test('waits for as long as the relay said', async () => {
    const { clock, state, comeback } = open(1);
    comeback.retry(30_000);
    await clock.advance(29_999);
    expect(state.connects).toEqual([]);
    await clock.advance(1);
    expect(state.connects).toHaveLength(1);
  });

  test('rests for hours while another relay is open', async () => {
    const { clock, state, comeback } = open(1);
    comeback.rest({ ms: 6 * hour, firm: false });
    const until = comeback.backoffUntil() as number;
    expect(until - clock.now()).toBeGreaterThanOrEqual(6 * hour);
    expect(until - clock.now()).toBeLessThanOrEqual(6.6 * hour);
    // By the clock that never jumps.
    clock.jump(24 * hour);
    expect(comeback.backoffUntil()).toBe(until + 24 * hour);
    comeback.hurry();
    await clock.advance(6 * hour - 1);
    expect(state.connects).toEqual([]);
    await clock.advance(hour);
    expect(state.connects).toHaveLength(1);
    expect(comeback.backoffUntil()).toBeNull();
  });

  test('rests for 5 minutes at most while no other relay is open', async () => {
    const { clock, state, comeback } = open(0);
    comeback.rest({ ms: 6 * hour, firm: false });
    await clock.advance(2.5 * minute - 1);
    expect(state.connects).toEqual([]);
    await clock.advance(2.5 * minute + 1);
    expect(state.connects).toHaveLength(1);
  });

  test('is called back from a rest of hours within 5 minutes when the last open relay goes down', async () => {
    const { clock, state, comeback } = open(1);
    comeback.rest({ ms: 6 * hour, firm: false });
    state.others = 0;
    comeback.retrySoon();
    expect(comeback.backoffUntil()).not.toBeNull();
    await clock.advance(5 * minute);
    expect(state.connects).toHaveLength(1);
  });

  test('keeps a rest that the relay asked for, whatever becomes of the others', async () => {
    const { clock, state, comeback } = open(0);
    comeback.rest({ ms: 10 * minute, firm: true });
    comeback.retrySoon();
    comeback.hurry();
    await clock.advance(10 * minute - 1);
    expect(state.connects).toEqual([]);
    await clock.advance(minute);
    expect(state.connects).toHaveLength(1);
  });

  test('is hurried by a wake-up, and its pauses start over', async () => {
    const { clock, state, comeback } = open(1);
    for (let i = 0; i < 12; i++) {
      comeback.retry();
      if (i < 11) await clock.advance(5 * minute);
    }
    comeback.hurry();
    expect(state.connects).toHaveLength(12);
    comeback.hurry();
    expect(state.connects).toHaveLength(12);
    comeback.retry();
    await clock.advance(1_000);
    expect(state.connects).toHaveLength(13);
  });

  test('that was stopped never comes', async () => {
    const { clock, state, comeback } = open(1);
    comeback.retry();
    comeback.stop();
    comeback.retrySoon();
    comeback.hurry();
    await clock.advance(hour);
    expect(state.connects).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});
