import { EventEmitter } from 'node:events';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { beforeEach, expect, test, vi } from 'vitest';
import { createSignatureThread } from './signature-thread.ts';

/** Fake threads, whose messages come from the test. */
const threads = vi.hoisted(() => ({ refusal: '', started: [] as EventEmitter[] }));
vi.mock('node:os', () => ({ availableParallelism: () => 2 }));
vi.mock('node:worker_threads', () => ({
  Worker: function start() {
    if (threads.refusal) throw new Error(threads.refusal);
    const worker = Object.assign(new EventEmitter(), {
      unref() {},
      postMessage() {},
      terminate: async () => 0,
    });
    threads.started.push(worker);
    return worker;
  },
}));
beforeEach(() => Object.assign(threads, { refusal: '', started: [] }));

const events = [{ content: 'x' }] as unknown as readonly NostrEvent[];

function open() {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const thread = createSignatureThread({ clock, log });
  thread.isReady();
  threads.started[0]?.emit('message', 'ready');
  return { clock, log, thread };
}

test('logs that no thread can be started, and tries again later', async () => {
  threads.refusal = 'EAGAIN';
  const { clock, log, thread } = open();
  expect(thread.isReady()).toBe(false);
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { reason: 'EAGAIN' } }]);
  threads.refusal = '';
  await clock.advance(60_000);
  thread.isReady();
  expect(threads.started).toHaveLength(1);
});

test('leaves no timer after a result that arrives after the end', async () => {
  const { clock, thread } = open();
  const refused = expect(thread.check(events)).rejects.toThrow('it was stopped');
  thread.stop();
  threads.started[0]?.emit('message', [true]);
  await refused;
  expect(clock.pending()).toBe(0);
});

test('ends a thread that does not respond in time, even if more batches arrive meanwhile', async () => {
  const { clock, thread } = open();
  const first = expect(thread.check(events)).rejects.toThrow('it does not respond');
  await clock.advance(6_000);
  const second = expect(thread.check(events)).rejects.toThrow('it does not respond');
  await clock.advance(4_000);
  await Promise.all([first, second]);
});

test('ends the thread on an unreadable result, as the next one would be taken for it', async () => {
  const { thread } = open();
  const refused = expect(thread.check(events)).rejects.toThrow('damaged');
  threads.started[0]?.emit('messageerror', new Error('damaged'));
  await refused;
  expect(thread.isReady()).toBe(false);
});
