import { expect, test } from 'vitest';
import { createMachineClock, EPOCH_MS } from './machine-clock.ts';
import { createVirtualClock } from './virtual-clock.ts';

test('timers run in order, each after the work of the one before', async () => {
  const virtual = createVirtualClock();
  const ran: string[] = [];
  for (const ms of [30, 10, 20, 10]) {
    virtual.at(ms, async () => {
      ran.push(`${ms}`);
      await Promise.resolve();
      ran.push(`after ${ms}`);
    });
  }
  virtual.at(15, () => ran.push('cancelled'))();
  await virtual.runUntil(25);
  expect(ran).toEqual(['10', 'after 10', '10', 'after 10', '20', 'after 20']);
  expect(virtual.now()).toBe(25);
});

test('a machine’s clock drifts and is set, and its timers follow its own time', async () => {
  const virtual = createVirtualClock();
  const machine = createMachineClock(virtual, 0.01);
  const process = machine.forProcess();
  const due: number[] = [];
  process.after(1_010, () => due.push(virtual.now()));
  machine.step(5_000);
  await virtual.runUntil(10_000);
  expect(due).toEqual([1_000]);
  expect(process.monotonic()).toBe(10_100);
  expect(process.now()).toBe(EPOCH_MS + 15_100);
  process.after(10, () => due.push(0));
  process.end();
  await virtual.runUntil(20_000);
  expect(due).toHaveLength(1);
});
