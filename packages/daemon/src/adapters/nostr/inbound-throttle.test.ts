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
  const throttle = createInboundThrottle<number>({ clock, socket, handle: (frame) => handled.push(frame) });
  return { clock, socket, handled, throttle };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const share = nostrLimits.inbound.framesPerTurn;

test('a relay has its share of each turn; the rest is handled in order, before anything new', async () => {
  const { socket, handled, throttle } = open();
  for (let i = 0; i < share; i++) throttle.take(i, 100);
  expect([handled.length, socket.paused]).toEqual([share, false]);
  await turn();
  for (let i = share; i < share * 4; i++) throttle.take(i, 100);
  expect([handled.length, socket.paused]).toEqual([share * 2, true]);
  await turn();
  expect([handled.length, socket.paused]).toEqual([share * 3, true]);
  await turn();
  expect([handled.length, socket.paused]).toEqual([share * 4, false]);
  expect(handled).toEqual(Array.from({ length: share * 4 }, (_, i) => i));
  throttle.stop();
});

test('is done when everything that came is handled', async () => {
  const { handled, throttle } = open();
  const done: number[] = [];
  throttle.whenDone(() => done.push(handled.length));
  for (let i = 0; i < share * 2; i++) throttle.take(i, 1);
  throttle.whenDone(() => done.push(handled.length));
  await turn();
  expect(done).toEqual([0, share * 2]);
  throttle.stop();
});

test('handles nothing after a stop, even in the middle of a turn', async () => {
  const { handled, throttle } = open();
  let isDone = false;
  for (let i = 0; i < share * 2; i++) throttle.take(i, 1);
  throttle.whenDone(() => {
    isDone = true;
  });
  throttle.stop();
  throttle.take(-1, 1);
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
])('a relay over its limit of %s waits until the debt is paid off', async (_, count, bytes) => {
  const { clock, socket, throttle, handled } = open();
  for (let i = 0; i < count; i++) {
    throttle.take(i, bytes);
    if (i % share === share - 1) await turn();
  }
  await turn();
  expect(socket.paused).toBe(false);
  throttle.take(count, bytes);
  await turn();
  expect(socket.paused).toBe(true);
  await clock.advance(49);
  expect(socket.paused).toBe(true);
  await clock.advance(1);
  expect(socket.paused).toBe(false);
  // The limit refills with time, up to one burst.
  await clock.advance(3_600_000);
  for (let i = 0; i <= count; i++) throttle.take(i, bytes);
  while (handled.length < 2 * count + 2) await turn();
  expect(socket.paused).toBe(true);
  await clock.advance(50);
  expect(socket.paused).toBe(false);
  throttle.stop();
  expect(clock.pending()).toBe(0);
});
