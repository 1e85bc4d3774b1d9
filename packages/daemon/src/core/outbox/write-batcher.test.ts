import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test, vi } from 'vitest';
import { createMemoryDisk, openMemoryStore } from '../../../test/support/memory-store.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { createWriteBatcher } from './write-batcher.ts';

const published = (id: string): DomainEvent => ({
  type: 'message.state',
  id,
  eventId: id,
  state: 'published',
});

async function setUp(okWaitMs = 0) {
  const clock = createFakeClock();
  const store = await openMemoryStore(createMemoryDisk(), { clock, log: createRecordingLog() });
  const transaction = vi.spyOn(store, 'transaction');
  const emit = vi.fn();
  const writes = createWriteBatcher({ store, clock, emit, bounds: { okBatchMs: 20, okWaitMs } });
  /** Writes something, and emits an event with its name. */
  const add = (name: string) =>
    writes.add((tables) => {
      tables.meta.set('policy', name);
      return [published(name)];
    });
  return { clock, store, transaction, emit, writes, add };
}

test('writes changes of one moment at once, in order, and emits their events once they are on disk', async () => {
  const { clock, store, transaction, emit, add } = await setUp();
  const all = Promise.all([add('a'), add('b')]);
  await clock.advance(10);
  const last = add('c');
  await clock.advance(9);
  expect(transaction).not.toHaveBeenCalled();
  await clock.advance(1);
  await Promise.all([all, last]);
  expect(transaction).toHaveBeenCalledTimes(1);
  expect(emit.mock.calls).toEqual([[[published('a'), published('b'), published('c')]]]);
  expect(await store.read(({ meta }) => meta.get('policy'))).toBe('c');
});

test('then waits for another write to share, but not for long', async () => {
  const { clock, store, emit, add } = await setUp(100);
  const shared = add('a');
  await clock.advance(20);
  expect(emit).not.toHaveBeenCalled();
  await store.transaction(({ meta }) => meta.set('policy', 'other'));
  await shared;
  const alone = add('b');
  await clock.advance(20 + 99);
  expect(emit).toHaveBeenCalledTimes(1);
  await clock.advance(1);
  await alone;
  expect(emit).toHaveBeenCalledTimes(2);
});

test('does not wait with many: a queue that empties waits for them', async () => {
  const { clock, emit, add } = await setUp(100);
  const all = Promise.all(Array.from({ length: 8 }, (_, n) => add(`${n}`)));
  await clock.advance(20);
  await all;
  expect(emit).toHaveBeenCalledTimes(1);
});

test('after flushNow, what waits for another write waits no more', async () => {
  const { clock, writes, add } = await setUp(100);
  const waiting = add('a');
  await clock.advance(20);
  writes.flushNow();
  await waiting;
});

test('writes later changes later', async () => {
  const { clock, emit, add } = await setUp();
  const first = add('a');
  await clock.advance(20);
  await first;
  const second = add('b');
  await clock.advance(20);
  await second;
  expect(emit.mock.calls).toEqual([[[published('a')]], [[published('b')]]]);
});

test('after flushNow, neither gathered nor later changes wait', async () => {
  const { clock, emit, writes, add } = await setUp();
  const waiting = add('a');
  writes.flushNow();
  await waiting;
  await add('b');
  expect(emit).toHaveBeenCalledTimes(2);
  expect(clock.pending()).toBe(0);
});

test('if the store refuses, rejects every change, emits nothing, and writes the next one', async () => {
  const { clock, transaction, emit, add } = await setUp();
  transaction.mockRejectedValueOnce(new Error('the disk is full'));
  const both = Promise.allSettled([add('a'), add('b')]);
  await clock.advance(20);
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(emit).not.toHaveBeenCalled();
  const next = add('c');
  await clock.advance(20);
  await next;
  expect(emit).toHaveBeenCalledTimes(1);
});
