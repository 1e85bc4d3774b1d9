import { createFakeClock } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createLifecycle, type Part } from './lifecycle.ts';

const clock = createFakeClock();

/** Parts that write down what happens to them. */
function createRecorder() {
  const calls: string[] = [];
  const part = (name: string): Part => ({
    name,
    start: () => void calls.push(`start ${name}`),
    stop: () => void calls.push(`stop ${name}`),
    onEvent: ({ type }) => void calls.push(`${type} → ${name}`),
  });
  return { calls, part };
}

test('starts parts and passes events on in order, and stops in reverse', async () => {
  const { calls, part } = createRecorder();
  const { start, stop, onEvent } = createLifecycle({ clock }, [part('a'), { name: 'idle' }, part('b')]);
  await start();
  onEvent({ type: 'clock.jumped' });
  await stop();
  expect(calls).toEqual(['start a', 'start b', 'clock.jumped → a', 'clock.jumped → b', 'stop b', 'stop a']);
});

test('stops a part that only has something to stop', async () => {
  const { calls, part } = createRecorder();
  const { start: _, ...stopOnly } = part('a');
  const lifecycle = createLifecycle({ clock }, [stopOnly]);
  await lifecycle.start();
  await lifecycle.stop();
  expect(calls).toEqual(['stop a']);
});

test('stops only once, and nothing that was not started', async () => {
  const { calls, part } = createRecorder();
  const lifecycle = createLifecycle({ clock }, [part('a')]);
  await lifecycle.stop();
  await lifecycle.start();
  await lifecycle.stop();
  await lifecycle.stop();
  expect(calls).toEqual(['start a', 'stop a']);
});

test('stops the parts that were started when a later one cannot start', async () => {
  const { calls, part } = createRecorder();
  const broken = {
    ...part('broken'),
    start() {
      throw new Error('cannot start');
    },
  };
  const lifecycle = createLifecycle({ clock }, [part('a'), part('b'), broken, part('c')]);
  await expect(lifecycle.start()).rejects.toThrow('cannot start');
  expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('waits for a part to stop before it stops the ones that started earlier', async () => {
  const { calls, part } = createRecorder();
  let finish = (): void => {};
  const slow: Part = { name: 'slow', stop: () => new Promise<void>((resolve) => (finish = resolve)) };
  const lifecycle = createLifecycle({ clock }, [part('a'), slow, part('b')]);
  await lifecycle.start();
  const stopped = lifecycle.stop();
  await clock.advance(60_000);
  expect(calls.slice(2)).toEqual(['stop b']);
  finish();
  await stopped;
  expect(calls.slice(2)).toEqual(['stop b', 'stop a']);
});

test('continues once the time to wait for a part is over, and still waits for it at the end', async () => {
  const { calls, part } = createRecorder();
  let hangUp = (): void => {};
  const outbox: Part = {
    name: 'outbox',
    stopWaitMs: 1_000,
    stop: () => new Promise<void>((resolve) => (hangUp = resolve)),
  };
  const lifecycle = createLifecycle({ clock }, [part('network'), outbox]);
  await lifecycle.start();
  let isStopped = false;
  const stopped = lifecycle.stop().then(() => {
    isStopped = true;
  });
  await clock.advance(999);
  expect(calls).toEqual(['start network']);
  await clock.advance(1);
  expect(calls).toEqual(['start network', 'stop network']);
  await clock.advance(60_000);
  expect(isStopped).toBe(false);
  hangUp();
  await stopped;
});

test('stops all parts that need no time in the same turn of the event loop', async () => {
  const { calls, part } = createRecorder();
  const lifecycle = createLifecycle({ clock }, [part('a'), part('b'), part('c')]);
  await lifecycle.start();
  const stopped = lifecycle.stop();
  expect(calls.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  await stopped;
});

test('stops all parts, and then throws the first error, when some fail to stop', async () => {
  const { calls, part } = createRecorder();
  const rejecting = (name: string, stopWaitMs?: number): Part => ({
    name,
    stop: () => Promise.reject(new Error('rejected')),
    ...(stopWaitMs === undefined ? {} : { stopWaitMs }),
  });
  const throwing: Part = {
    name: 'throwing',
    stop() {
      throw new Error('thrown');
    },
  };
  const parts = [part('a'), rejecting('second'), throwing, rejecting('first', 1_000), part('b')];
  const lifecycle = createLifecycle({ clock }, parts);
  await lifecycle.start();
  await expect(lifecycle.stop()).rejects.toThrow('first did not stop');
  expect(calls.slice(2)).toEqual(['stop b', 'stop a']);
});
