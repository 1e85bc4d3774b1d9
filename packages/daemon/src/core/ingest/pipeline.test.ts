import type { NostrEvent } from '@ocmesh/shared/wire';
import { actor, createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import { createMemoryDisk, openMemoryStore } from '../../../test/support/memory-store.ts';
import { createNostrToolsEngine } from '../identity/nostr-tools-engine.ts';
import { accept, type RefusalReason, refuse } from '../model/verdict.ts';
import type { SignatureChecks } from '../ports/signature-checks.ts';
import { checkAs } from '../trust/verification-rates.ts';
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
  /** Number of calls when each turn of the event loop began. */
  const turns: number[] = [];
  const faults = { store: false, content: '' };
  const refusals: Partial<Record<'classify' | 'open' | 'apply', RefusalReason>> = {};
  const handler: EventHandler = {
    remember: true,
    classify: () => (refusals.classify ? refuse(refusals.classify) : checkAs.visibleSender),
    open: (event) => {
      calls.push('open');
      if (refusals.open) return refuse(refusals.open);
      return accept({
        sortSec: event.created_at,
        sortSeq: 0,
        apply: (tables) => {
          calls.push('apply');
          if (refusals.apply === 'inbox_full') tables.meta.set('policy', 'changed');
          if (refusals.apply) return refuse(refusals.apply);
          applied.push(event.content);
          if (faults.store || event.content === faults.content) throw new Error('the disk is gone');
          return accept([{ type: 'message.received', id: event.id, peer: event.pubkey, arrival: 1 }]);
        },
      });
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
    confirmedNow: clock.now,
    correctedNow: clock.now,
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
    relayOffsetMs: () => 0,
    isBlocked: () => false,
    correspondents: { has: () => false },
    verificationRates: { take: () => true, takeReserved: () => true },
    handlers: { presence: handler, dm: handler, relayList: handler, ping: handler },
    emit: (events) => calls.push(...events.map(() => 'emit')),
    onDeferred: () => calls.push('deferred'),
    onOwnEvent: () => calls.push('own'),
    onForged: () => calls.push('forged'),
  });
  const bob = createFakePeer('bob', clock);
  const count = (call: string): number => calls.filter((each) => each === call).length;
  const mostInATurn = (call: string): number =>
    Math.max(
      ...turns.map((from, n) => calls.slice(from, turns[n + 1]).filter((each) => each === call).length),
    );
  const probes = { calls, applied, count, mostInATurn };
  return { clock, log, store, counters, faults, refusals, pipeline, bob, ...probes };
}

const URL = 'wss://one.test';

test('checks the signature, then opens, applies, and emits last', async () => {
  const { clock, calls, pipeline, bob } = await open();
  pipeline.ingest(bob.dm(self, 'x'), URL);
  await clock.advance(0);
  expect(calls).toEqual(['verify', 'open', 'apply', 'emit']);
});

test('remembers nothing before it is verified', async () => {
  const { clock, store, pipeline, bob } = await open();
  const event = { ...bob.dm(self, 'x'), content: 'forged' };
  pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(store.peek((tables) => tables.seen.has(event.id))).toBe(false);
});

test('emits nothing that could not be stored, and accepts the event again later', async () => {
  const { clock, log, faults, pipeline, bob, count } = await open();
  const event = bob.dm(self, 'x');
  faults.store = true;
  pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(count('emit')).toBe(0);
  expect(log.lines).toMatchObject([{ level: 'error' }]);
  faults.store = false;
  pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(count('emit')).toBe(1);
});

test('an event that cannot be stored does not affect others of the same batch', async () => {
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
  expect([count('emit'), count('deferred')]).toEqual([4, 1]);
});

test.each([
  ['classify', 'stale', { verified: 0, deferred: 0, isSeen: false, counted: {} }],
  // Unverified: remembering the id would let a forged copy keep the real event away.
  ['classify', 'stranger_quota', { verified: 0, deferred: 0, isSeen: false, counted: { stranger_quota: 2 } }],
  ['classify', 'rate_limited', { verified: 0, deferred: 2, isSeen: false, counted: { rate_limited: 2 } }],
  ['open', 'undecryptable', { verified: 1, deferred: 0, isSeen: true, counted: { undecryptable: 1 } }],
  ['apply', 'blocked', { verified: 1, deferred: 0, isSeen: true, counted: { blocked: 1 } }],
  ['apply', 'stranger_quota', { verified: 1, deferred: 0, isSeen: false, counted: { stranger_quota: 1 } }],
  ['apply', 'rate_limited', { verified: 2, deferred: 2, isSeen: false, counted: { rate_limited: 2 } }],
  ['apply', 'inbox_full', { verified: 2, deferred: 2, isSeen: false, counted: { inbox_full: 2 } }],
] as const)('an event and its copy, refused by `%s` as %s', async (stage, reason, expected) => {
  const { clock, store, counters, refusals, pipeline, bob, count } = await open();
  refusals[stage] = reason;
  const event = bob.dm(self, 'x');
  for (const url of [URL, 'wss://two.test']) {
    pipeline.ingest(event, url);
    await clock.advance(0);
  }
  const isSeen = store.peek((tables) => tables.seen.has(event.id));
  expect({
    verified: count('verify'),
    deferred: count('deferred'),
    isSeen,
    counted: counters.unusual(),
  }).toEqual(expected);
  expect(count('emit')).toBe(0);
  expect(store.peek((tables) => tables.meta.get('policy'))).toBeNull();
});

test('does not verify an event it has seen', async () => {
  const { clock, counters, pipeline, bob, count } = await open();
  const event = bob.dm(self, 'x');
  pipeline.ingest(event, URL);
  await clock.advance(0);
  for (let i = 0; i < 5; i++) pipeline.ingest(structuredClone(event), 'wss://two.test');
  await clock.advance(0);
  expect(count('verify')).toBe(1);
  expect(counters.unusual()).toEqual({});
});

test('verifies a few signatures per turn, however many events arrive at once', async () => {
  const { clock, pipeline, bob, count } = await open();
  for (let i = 0; i < 100; i++) pipeline.ingest(bob.dm(self, `m${i}`), URL);
  expect(count('verify')).toBe(ingestLimits.verificationsPerTurn);
  await clock.advance(0);
  expect(count('verify')).toBe(100);
  expect(count('apply')).toBe(100);
});

test('defers and counts events that exceed the queue', async () => {
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

test('counts empty tags against the size of the queue', async () => {
  const { counters, pipeline, bob } = await open();
  const hollow = Array.from({ length: 90 }, () => new Array<string>(850).fill(''));
  const event = bob.dm(self, 'x');
  const forged = { ...event, content: 'forged', tags: [...event.tags, ...hollow] };
  for (let i = 0; i < 60; i++) pipeline.ingest(forged, URL);
  expect(counters.unusual()['overloaded']).toBeGreaterThan(10);
});

test('does nothing after a stop', async () => {
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

/** A thread that answers when the test says so. */
function fakeThread() {
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
async function answerAll(
  clock: { advance(ms: number): Promise<void> },
  thread: ReturnType<typeof fakeThread>,
) {
  await clock.advance(0);
  while (thread.asked.length > 0) {
    for (const { answer } of thread.asked.splice(0)) answer();
    await clock.advance(0);
  }
}

test('verifies in the thread when many are queued, and keeps the order', async () => {
  const thread = fakeThread();
  const { clock, applied, pipeline, bob, count } = await open(thread.checks);
  const events = Array.from({ length: MANY }, (_, n) => bob.dm(self, `m${n}`));
  for (const event of events) pipeline.ingest(event, URL);
  await answerAll(clock, thread);
  expect(applied).toEqual(events.map(({ content }) => content));
  expect(count('verify')).toBeLessThan(MANY / 4);
});

test('does not start the thread for a few events', async () => {
  const thread = fakeThread();
  const { clock, applied, pipeline, bob } = await open(thread.checks);
  for (let n = 0; n < 100; n++) pipeline.ingest(bob.dm(self, `m${n}`), URL);
  await clock.advance(0);
  expect(applied).toHaveLength(100);
  expect(thread.state.isWanted).toBe(false);
});

test('an event that arrives while others are in the thread waits for them', async () => {
  const thread = fakeThread();
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

test('refuses forged events wherever they are verified', async () => {
  const thread = fakeThread();
  const { clock, applied, counters, pipeline, bob } = await open(thread.checks);
  const event = bob.dm(self, 'x');
  for (let n = 0; n < MANY; n++) pipeline.ingest({ ...event, content: 'forged' }, URL);
  pipeline.ingest(event, URL);
  await answerAll(clock, thread);
  expect(applied).toEqual([event.content]);
  expect(counters.unusual()).toEqual({ bad_signature: MANY });
});

test('limits the events in the thread, and loses none if it fails', async () => {
  const thread = fakeThread();
  const { clock, applied, pipeline, bob } = await open(thread.checks);
  const events = Array.from({ length: MANY }, (_, n) => bob.dm(self, `m${n}`));
  for (const event of events) pipeline.ingest(event, URL);
  await clock.advance(0);
  expect(thread.underWay()).toBe(ingestLimits.verificationsInThread);
  for (const { fail } of thread.asked.splice(0)) fail();
  await answerAll(clock, thread);
  expect(applied).toEqual(events.map(({ content }) => content));
});

test('opens a limited number of events per turn, however many results arrive at once', async () => {
  const thread = fakeThread();
  const { clock, pipeline, bob, mostInATurn } = await open(thread.checks);
  for (let n = 0; n < MANY; n++) pipeline.ingest(bob.dm(self, `m${n}`), URL);
  await answerAll(clock, thread);
  expect(mostInATurn('open')).toBeLessThan(ingestLimits.verificationsInThread / 2);
});

test('verifies a limited number per turn after the thread is gone', async () => {
  const thread = fakeThread();
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

test('a result after the stop has no effect', async () => {
  const thread = fakeThread();
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
