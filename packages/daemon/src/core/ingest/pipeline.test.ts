import type { NostrEvent } from '@ocmesh/shared/wire';
import { actor, createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import { createMemoryDisk, openMemoryStore } from '../../../test/support/memory-store.ts';
import { createNostrToolsEngine } from '../identity/nostr-tools-engine.ts';
import type { SignatureChecks } from '../ports/signature-checks.ts';
import type { EventHandler } from './inspect.ts';
import { ingestLimits } from './limits.ts';
import { createPipeline } from './pipeline.ts';
import { createRefusalCounters } from './refusal-counters.ts';

const self = actor('alice').pubkey;

async function open(signatureChecks?: SignatureChecks) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const store = await openMemoryStore(createMemoryDisk(), { clock, log });
  const counters = createRefusalCounters();
  const calls: string[] = [];
  const applied: string[] = [];
  /** How many calls there were when each turn of the event loop began. */
  const turns: number[] = [];
  const faults = { store: false, content: '' };
  const handler: EventHandler = {
    remember: true,
    look: () => 'sender',
    open: (event) => {
      calls.push('open');
      return {
        sortSec: event.created_at,
        sortSeq: 0,
        apply: () => {
          calls.push('apply');
          applied.push(event.content);
          if (faults.store || event.content === faults.content) throw new Error('the disk is gone');
          return [{ type: 'message.received', id: event.id, peer: event.pubkey, arrival: 1 }];
        },
      };
    },
  };
  const pipeline = createPipeline({
    self,
    engine: {
      ...createNostrToolsEngine(),
      verify: (event) => {
        calls.push('verify');
        return event.content !== 'forged';
      },
    },
    signatureChecks,
    store,
    clock: {
      ...clock,
      after: (ms, run) =>
        clock.after(ms, () => {
          turns.push(calls.length);
          run();
        }),
    },
    log,
    counters,
    isBlocked: () => false,
    correspondents: { has: () => false },
    rates: { take: () => true, takeReserved: () => true },
    handlers: { presence: handler, dm: handler, relayList: handler },
    emit: (events) => calls.push(...events.map(() => 'notify')),
    onDeferred: () => calls.push('deferred'),
    onForged: () => calls.push('forged'),
  });
  const bob = createFakePeer('bob', clock);
  const count = (call: string): number => calls.filter((each) => each === call).length;
  const mostInATurn = (call: string): number =>
    Math.max(
      ...turns.map((from, n) => calls.slice(from, turns[n + 1]).filter((each) => each === call).length),
    );
  return { clock, log, store, counters, calls, applied, faults, pipeline, bob, count, mostInATurn };
}

const URL = 'wss://one.test';

test('goes from the cheap checks over the signature to the effect, and tells it last', async () => {
  const { clock, calls, pipeline, bob } = await open();
  pipeline.ingest(bob.dm(self, 'x'), URL);
  await clock.advance(0);
  expect(calls).toEqual(['verify', 'open', 'apply', 'notify']);
});

test('nothing is remembered before it is verified', async () => {
  const { clock, store, pipeline, bob } = await open();
  const event = { ...bob.dm(self, 'x'), content: 'forged' };
  pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(store.peek((tables) => tables.seen.has(event.id))).toBe(false);
});

test('nothing is told that could not be stored, and the event can come again', async () => {
  const { clock, log, faults, pipeline, bob, count } = await open();
  const event = bob.dm(self, 'x');
  faults.store = true;
  pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(count('notify')).toBe(0);
  expect(log.lines).toMatchObject([{ level: 'error' }]);
  faults.store = false;
  pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(count('notify')).toBe(1);
});

test('of several that come at once, one that cannot be stored takes no other with it', async () => {
  const { clock, store, faults, pipeline, bob, count } = await open();
  const events = Array.from({ length: 5 }, (_, n) => bob.dm(self, `m${n}`));
  const bad = events[2] as NostrEvent;
  faults.content = bad.content;
  for (const event of events) pipeline.ingest(event, URL);
  await clock.advance(0);
  await clock.advance(0);
  expect(events.map((event) => store.peek((tables) => tables.seen.has(event.id)))).toEqual(
    events.map((event) => event !== bad),
  );
  expect([count('notify'), count('deferred')]).toEqual([4, 1]);
});

test('a seen event costs no signature check', async () => {
  const { clock, counters, pipeline, bob, count } = await open();
  const event = bob.dm(self, 'x');
  pipeline.ingest(event, URL);
  await clock.advance(0);
  for (let i = 0; i < 5; i++) pipeline.ingest(structuredClone(event), 'wss://two.test');
  await clock.advance(0);
  expect(count('verify')).toBe(1);
  expect(counters.unusual()).toEqual({});
});

test('checks a few signatures a turn, however many events come at once', async () => {
  const { clock, pipeline, bob, count } = await open();
  for (let i = 0; i < 100; i++) pipeline.ingest(bob.dm(self, `m${i}`), URL);
  expect(count('verify')).toBe(ingestLimits.verificationsPerTurn);
  await clock.advance(0);
  expect(count('verify')).toBe(100);
  expect(count('apply')).toBe(100);
});

test('puts off and counts what is more than the queue holds', async () => {
  const { clock, counters, pipeline, bob, count } = await open();
  const over = 25;
  const event = { ...bob.dm(self, 'x'), content: 'forged' };
  for (let i = 0; i < ingestLimits.queuedEvents + ingestLimits.verificationsPerTurn + over; i++)
    pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(counters.unusual()).toEqual({
    bad_signature: ingestLimits.queuedEvents + ingestLimits.verificationsPerTurn,
    overloaded: over,
  });
  expect(count('deferred')).toBe(over);
});

test('what looks empty takes room in the queue as well', async () => {
  const { counters, pipeline, bob } = await open();
  const hollow = Array.from({ length: 90 }, () => new Array<string>(850).fill(''));
  const event = bob.dm(self, 'x');
  const forged = { ...event, content: 'forged', tags: [...event.tags, ...hollow] };
  for (let i = 0; i < 60; i++) pipeline.ingest(forged, URL);
  expect(counters.unusual()['overloaded']).toBeGreaterThan(10);
});

test('after a stop nothing happens any more', async () => {
  const { clock, store, pipeline, bob, count } = await open();
  for (let i = 0; i < 100; i++) pipeline.ingest(bob.dm(self, `m${i}`), URL);
  pipeline.stop();
  await store.close();
  const before = count('verify');
  pipeline.ingest(bob.dm(self, 'late'), URL);
  await clock.advance(1_000);
  expect(count('verify')).toBe(before);
  expect(clock.pending()).toBe(0);
});

/** Another thread, which answers when it is told to. */
function aside() {
  const asked: { events: readonly NostrEvent[]; answer: () => void; fail: () => void }[] = [];
  const state = { isGone: false, isWanted: false };
  const checks: SignatureChecks = {
    isReady() {
      state.isWanted = true;
      return !state.isGone;
    },
    check: (events) =>
      new Promise((resolve, reject) => {
        if (state.isGone) return reject(new Error('there is no thread'));
        asked.push({
          events,
          answer: () => resolve(events.map(({ content }) => content !== 'forged')),
          fail: () => reject(new Error('the thread is gone')),
        });
      }),
  };
  const underWay = (): number => asked.reduce((sum, { events }) => sum + events.length, 0);
  return { checks, asked, underWay, state };
}

const MANY = 600;
async function answerAll(clock: { advance(ms: number): Promise<void> }, thread: ReturnType<typeof aside>) {
  await clock.advance(0);
  while (thread.asked.length > 0) {
    for (const { answer } of thread.asked.splice(0)) answer();
    await clock.advance(0);
  }
}

test('where many wait, signatures are checked beside the event loop, and the order stays', async () => {
  const thread = aside();
  const { clock, applied, pipeline, bob, count } = await open(thread.checks);
  const events = Array.from({ length: MANY }, (_, n) => bob.dm(self, `m${n}`));
  for (const event of events) pipeline.ingest(event, URL);
  await answerAll(clock, thread);
  expect(applied).toEqual(events.map(({ content }) => content));
  expect(count('verify')).toBeLessThan(MANY / 4);
});

test('for a few, no thread is asked to get ready', async () => {
  const thread = aside();
  const { clock, applied, pipeline, bob } = await open(thread.checks);
  for (let n = 0; n < 100; n++) pipeline.ingest(bob.dm(self, `m${n}`), URL);
  await clock.advance(0);
  expect(applied).toHaveLength(100);
  expect(thread.state.isWanted).toBe(false);
});

test('what comes while others are checked beside the event loop waits for them', async () => {
  const thread = aside();
  const { clock, applied, pipeline, bob } = await open(thread.checks);
  const events = Array.from({ length: MANY }, (_, n) => bob.dm(self, `m${n}`));
  const last = events.pop() as NostrEvent;
  for (const event of events) pipeline.ingest(event, URL);
  await clock.advance(0);
  pipeline.ingest(last, URL);
  await clock.advance(0);
  expect(applied).not.toContain(last.content);
  await answerAll(clock, thread);
  expect(applied.at(-1)).toBe(last.content);
});

test('forged ones are refused wherever they are checked', async () => {
  const thread = aside();
  const { clock, applied, counters, pipeline, bob } = await open(thread.checks);
  const event = bob.dm(self, 'x');
  for (let n = 0; n < MANY; n++) pipeline.ingest({ ...event, content: 'forged' }, URL);
  pipeline.ingest(event, URL);
  await answerAll(clock, thread);
  expect(applied).toEqual([event.content]);
  expect(counters.unusual()).toEqual({ bad_signature: MANY });
});

test('only so many are under way, and a thread that fails costs none of them', async () => {
  const thread = aside();
  const { clock, applied, pipeline, bob } = await open(thread.checks);
  const events = Array.from({ length: MANY }, (_, n) => bob.dm(self, `m${n}`));
  for (const event of events) pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(thread.underWay()).toBe(ingestLimits.verificationsInThread);
  for (const { fail } of thread.asked.splice(0)) fail();
  await answerAll(clock, thread);
  expect(applied).toEqual(events.map(({ content }) => content));
});

test('however many answers come at once, a turn opens only so many', async () => {
  const thread = aside();
  const { clock, pipeline, bob, mostInATurn } = await open(thread.checks);
  for (let n = 0; n < MANY; n++) pipeline.ingest(bob.dm(self, `m${n}`), URL);
  await answerAll(clock, thread);
  expect(mostInATurn('open')).toBeLessThan(ingestLimits.verificationsInThread / 2);
});

test('when the thread is gone the event loop does no more a turn than ever, after what was under way', async () => {
  const thread = aside();
  const { clock, applied, pipeline, bob, count, mostInATurn } = await open(thread.checks);
  for (let n = 0; n < MANY; n++) pipeline.ingest(bob.dm(self, `m${n}`), URL);
  await clock.advance(0);
  thread.state.isGone = true;
  for (const { fail } of thread.asked.splice(0)) fail();
  await clock.advance(0);
  expect(applied).toHaveLength(MANY);
  expect(count('verify')).toBe(MANY);
  expect(mostInATurn('verify')).toBeLessThan(ingestLimits.verificationsInThread / 2);
});

test('an answer after the stop has no effect', async () => {
  const thread = aside();
  const { clock, log, store, calls, pipeline, bob } = await open(thread.checks);
  for (let n = 0; n < MANY; n++) pipeline.ingest(bob.dm(self, `m${n}`), URL);
  await clock.advance(0);
  const before = [...calls];
  pipeline.stop();
  await store.close();
  await answerAll(clock, thread);
  expect(calls).toEqual(before);
  expect(log.lines).toEqual([]);
});
