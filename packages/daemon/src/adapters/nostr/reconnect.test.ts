import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReconnect, reconnectDelayMs } from './reconnect.ts';

test('doubles from one second, to 8 seconds while alone and to 5 minutes otherwise', () => {
  const longest = (alone: boolean) =>
    [0, 1, 2, 3, 4, 8, 9, 1_000].map((failures) => Math.round(reconnectDelayMs(failures, alone, 0.999999)));
  expect(longest(true)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, 8_000]);
  expect(longest(false)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 256_000, 300_000, 300_000]);
});

test('never reconnects sooner than half the pause, nor two in step', () => {
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

describe('a relay', () => {
  const minute = 60_000;
  const hour = 60 * minute;

  /** @param others how many other relays of our own are connected */
  function open(others: number) {
    const clock = createFakeClock();
    const state = { others, connects: [] as number[] };
    const reconnect = createReconnect({
      clock,
      random: createSeededRandom(1),
      connect: () => state.connects.push(clock.monotonic()),
      othersOpen: () => state.others > 0,
    });
    return { clock, state, reconnect };
  }

  test('that keeps failing is tried every 5 minutes while another relay is connected', async () => {
    const { clock, state, reconnect } = open(1);
    for (let i = 0; i < 20; i++) {
      reconnect.retry();
      await clock.advance(5 * minute);
      expect(state.connects).toHaveLength(i + 1);
    }
    expect(reconnect.backoffUntil()).toBeNull();
    expect(clock.pending()).toBe(0);
  });

  test('gets short pauses again after a stable connection', async () => {
    const { clock, state, reconnect } = open(1);
    for (let i = 0; i < 10; i++) {
      reconnect.retry();
      await clock.advance(5 * minute);
    }
    reconnect.reset();
    reconnect.retry();
    await clock.advance(1_000);
    expect(state.connects).toHaveLength(11);
  });

  test('that waits for minutes is tried within 8 seconds when the last connected relay is lost', async () => {
    const { clock, state, reconnect } = open(1);
    for (let i = 0; i < 12; i++) {
      reconnect.retry();
      if (i < 11) await clock.advance(5 * minute);
    }
    state.others = 0;
    reconnect.retrySoon();
    await clock.advance(8_000);
    expect(state.connects).toHaveLength(12);
  });

  test('that is due soon anyway keeps its time', async () => {
    const { clock, state, reconnect } = open(1);
    reconnect.retry();
    reconnect.retrySoon();
    await clock.advance(1_000);
    expect(state.connects).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  test('that named a pause is not tried before', async () => {
    const { clock, state, reconnect } = open(1);
    reconnect.retry(30_000);
    await clock.advance(29_999);
    expect(state.connects).toEqual([]);
    await clock.advance(1);
    expect(state.connects).toHaveLength(1);
  });

  test('in back-off waits for hours while another relay is connected', async () => {
    const { clock, state, reconnect } = open(1);
    reconnect.backOff({ ms: 6 * hour, firm: false });
    const until = reconnect.backoffUntil() as number;
    expect(until - clock.now()).toBeGreaterThanOrEqual(6 * hour);
    expect(until - clock.now()).toBeLessThanOrEqual(6.6 * hour);
    // The back-off is measured by the monotonic clock.
    clock.jump(24 * hour);
    expect(reconnect.backoffUntil()).toBe(until + 24 * hour);
    reconnect.retryNow();
    await clock.advance(6 * hour - 1);
    expect(state.connects).toEqual([]);
    await clock.advance(hour);
    expect(state.connects).toHaveLength(1);
    expect(reconnect.backoffUntil()).toBeNull();
  });

  test('in back-off waits for 5 minutes at most while no other relay is connected', async () => {
    const { clock, state, reconnect } = open(0);
    reconnect.backOff({ ms: 6 * hour, firm: false });
    await clock.advance(2.5 * minute - 1);
    expect(state.connects).toEqual([]);
    await clock.advance(2.5 * minute + 1);
    expect(state.connects).toHaveLength(1);
  });

  test('in a back-off of hours is tried within 5 minutes when the last connected relay is lost', async () => {
    const { clock, state, reconnect } = open(1);
    reconnect.backOff({ ms: 6 * hour, firm: false });
    state.others = 0;
    reconnect.retrySoon();
    expect(reconnect.backoffUntil()).not.toBeNull();
    await clock.advance(5 * minute);
    expect(state.connects).toHaveLength(1);
  });

  test('that asked for a back-off gets it, connected to others or not', async () => {
    const { clock, state, reconnect } = open(0);
    reconnect.backOff({ ms: 10 * minute, firm: true });
    reconnect.retrySoon();
    reconnect.retryNow();
    await clock.advance(10 * minute - 1);
    expect(state.connects).toEqual([]);
    await clock.advance(minute);
    expect(state.connects).toHaveLength(1);
  });

  test('is tried at once after a wake-up, and its pauses start over', async () => {
    const { clock, state, reconnect } = open(1);
    for (let i = 0; i < 12; i++) {
      reconnect.retry();
      if (i < 11) await clock.advance(5 * minute);
    }
    reconnect.retryNow();
    expect(state.connects).toHaveLength(12);
    reconnect.retryNow();
    expect(state.connects).toHaveLength(12);
    reconnect.retry();
    await clock.advance(1_000);
    expect(state.connects).toHaveLength(13);
  });

  test('that was stopped is never tried', async () => {
    const { clock, state, reconnect } = open(1);
    reconnect.retry();
    reconnect.stop();
    reconnect.retrySoon();
    reconnect.retryNow();
    await clock.advance(hour);
    expect(state.connects).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});
