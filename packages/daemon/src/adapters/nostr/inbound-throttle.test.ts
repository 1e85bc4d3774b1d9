import { wireLimits } from '@ocmesh/shared/wire';
import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createInboundThrottle } from './inbound-throttle.ts';
import { nostrLimits } from './limits.ts';

function open() {
  const clock = createFakeClock();
  const handled: number[] = [];
  const socket = {
    paused: false,
    pause() {
      socket.paused = true;
    },
    resume() {
      socket.paused = false;
    },
  };
  const intake = createInboundThrottle<number>({ clock, socket, handle: (frame) => handled.push(frame) });
  return { clock, socket, handled, intake };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const share = nostrLimits.inbound.framesPerTurn;

test('a relay has its share of each turn; what came beyond it is handled in order, before anything new', async () => {
  const { socket, handled, intake } = open();
  for (let i = 0; i < share; i++) intake.take(i, 100);
  expect([handled.length, socket.paused]).toEqual([share, false]);
  await turn();
  for (let i = share; i < share * 4; i++) intake.take(i, 100);
  expect([handled.length, socket.paused]).toEqual([share * 2, true]);
  await turn();
  expect([handled.length, socket.paused]).toEqual([share * 3, true]);
  await turn();
  expect([handled.length, socket.paused]).toEqual([share * 4, false]);
  expect(handled).toEqual(Array.from({ length: share * 4 }, (_, i) => i));
  intake.stop();
});

test('is done when everything that came is handled', async () => {
  const { handled, intake } = open();
  const done: number[] = [];
  intake.whenDone(() => done.push(handled.length));
  for (let i = 0; i < share * 2; i++) intake.take(i, 1);
  intake.whenDone(() => done.push(handled.length));
  await turn();
  expect(done).toEqual([0, share * 2]);
  intake.stop();
});

test('that was stopped handles nothing more, in the middle of a turn too', async () => {
  const { handled, intake } = open();
  let isDone = false;
  for (let i = 0; i < share * 2; i++) intake.take(i, 1);
  intake.whenDone(() => {
    isDone = true;
  });
  intake.stop();
  intake.take(-1, 1);
  expect(isDone).toBe(false);
  await turn();
  await turn();
  expect([handled.length, isDone]).toEqual([share, true]);
});

test.each([
  ['frames', nostrLimits.inbound.framesPerSecond * nostrLimits.inbound.burstSeconds, 10],
  [
    'bytes',
    (nostrLimits.inbound.bytesPerSecond * nostrLimits.inbound.burstSeconds) / wireLimits.frame.bytes,
    wireLimits.frame.bytes,
  ],
])('a relay over its measure of %s waits until that is paid off', async (_, count, bytes) => {
  const { clock, socket, intake, handled } = open();
  for (let i = 0; i < count; i++) {
    intake.take(i, bytes);
    if (i % share === share - 1) await turn();
  }
  await turn();
  expect(socket.paused).toBe(false);
  intake.take(count, bytes);
  await turn();
  expect(socket.paused).toBe(true);
  await clock.advance(49);
  expect(socket.paused).toBe(true);
  await clock.advance(1);
  expect(socket.paused).toBe(false);
  // What it may say comes back with time, and no more than once the burst.
  await clock.advance(3_600_000);
  for (let i = 0; i <= count; i++) intake.take(i, bytes);
  while (handled.length < 2 * count + 2) await turn();
  expect(socket.paused).toBe(true);
  await clock.advance(50);
  expect(socket.paused).toBe(false);
  intake.stop();
  expect(clock.pending()).toBe(0);
});
