import { every } from '@ocmesh/shared/ambient';
import { expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.ts';

test('moves only when the test moves it', async () => {
  const clock = createFakeClock(1000);
  expect([clock.now(), clock.monotonic()]).toEqual([1000, 0]);
  await clock.advance(250);
  expect([clock.now(), clock.monotonic()]).toEqual([1250, 250]);
});

test('runs due timers by time, and timers of the same time in the order they were set', async () => {
  const clock = createFakeClock(0);
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name}@${clock.now()}`);
  clock.after(20, note('late'));
  clock.after(10, note('first'));
  clock.after(10, note('second'));
  clock.after(31, note('never'));
  await clock.advance(30);
  expect(ran).toEqual(['first@10', 'second@10', 'late@20']);
  expect(clock.pending()).toBe(1);
});

test('lets a promise chain finish before the next timer runs', async () => {
  const clock = createFakeClock(0);
  const ran: string[] = [];
  clock.after(10, () => {
    let chain = Promise.resolve();
    for (let i = 0; i < 50; i++) chain = chain.then(() => undefined);
    void chain.then(() => ran.push('chain'));
  });
  clock.after(11, () => void ran.push('timer'));
  await clock.advance(20);
  expect(ran).toEqual(['chain', 'timer']);
});

test('runs a timer that another one set within the same advance', async () => {
  const clock = createFakeClock(0);
  const at: number[] = [];
  const cancel = every(clock, 10, () => void at.push(clock.now()));
  await clock.advance(35);
  cancel();
  await clock.advance(100);
  expect(at).toEqual([10, 20, 30]);
  expect(clock.pending()).toBe(0);
});

test('a jump of the wall clock runs no timer and changes no duration', async () => {
  const clock = createFakeClock(0);
  let ran = 0;
  clock.after(10, () => void ran++);
  clock.jump(3_600_000);
  await clock.advance(9);
  expect([clock.now(), clock.monotonic(), ran]).toEqual([3_600_009, 9, 0]);
  clock.jump(-3_600_009);
  await clock.advance(1);
  expect([clock.now(), clock.monotonic(), ran]).toEqual([1, 10, 1]);
});

test('refuses to advance backwards', async () => {
  await expect(createFakeClock().advance(-1)).rejects.toThrow(RangeError);
});

test('rounds delays up to whole milliseconds', async () => {
  const clock = createFakeClock(1000);
  const ran: number[] = [];
  clock.after(0.4, () => ran.push(clock.now()));
  clock.after(7.001, () => ran.push(clock.now()));
  await clock.advance(10);
  expect(ran).toEqual([1001, 1008]);
});
