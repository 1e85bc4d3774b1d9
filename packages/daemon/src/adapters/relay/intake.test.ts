import { limits } from '@ocmesh/shared/contract';
import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createIntake } from './intake.ts';

function open() {
  const clock = createFakeClock();
  const socket = {
    paused: false,
    pause() {
      socket.paused = true;
    },
    resume() {
      socket.paused = false;
    },
  };
  return { clock, socket, intake: createIntake(clock, socket) };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a relay that fills its share of a turn waits for the next one', async () => {
  const { socket, intake } = open();
  for (let i = 0; i < limits.relayFramesPerTurn; i++) intake.take(100);
  expect(socket.paused).toBe(false);
  await turn();
  for (let i = 0; i < limits.relayFramesPerTurn; i++) intake.take(100);
  expect(socket.paused).toBe(false);
  intake.take(100);
  expect(socket.paused).toBe(true);
  await turn();
  expect(socket.paused).toBe(false);
  intake.stop();
});

test.each([
  ['frames', limits.relayFramesPerSecond * limits.relayBurstSeconds, 10],
  ['bytes', (limits.relayBytesPerSecond * limits.relayBurstSeconds) / limits.frameBytes, limits.frameBytes],
])('a relay over its measure of %s waits until that is paid off', async (_, count, bytes) => {
  const { clock, socket, intake } = open();
  for (let i = 0; i < count; i++) {
    intake.take(bytes);
    if (i % limits.relayFramesPerTurn === 0) await turn();
  }
  await turn();
  expect(socket.paused).toBe(false);
  intake.take(bytes);
  await turn();
  expect(socket.paused).toBe(true);
  await clock.advance(49);
  expect(socket.paused).toBe(true);
  await clock.advance(1);
  expect(socket.paused).toBe(false);
  // What it may say comes back with time, and no more than once the burst.
  await clock.advance(3_600_000);
  for (let i = 0; i < count; i++) intake.take(bytes);
  await turn();
  expect(socket.paused).toBe(false);
  intake.take(bytes);
  await turn();
  expect(socket.paused).toBe(true);
  intake.stop();
  expect(clock.pending()).toBe(0);
});
