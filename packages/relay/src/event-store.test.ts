import { actor, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { type Draft, sign } from '../test/client.ts';
import { createEventStore } from './event-store.ts';
import { readFilter } from './filter.ts';
import { relayLimits } from './limits.ts';

const alice = actor('alice');
const everything = readFilter({}, 500);
const note = (content: string, draft: Draft = {}) => sign(alice, { content, created_at: 1000, ...draft });

function openStore(limits: Partial<typeof relayLimits> | Record<string, number>) {
  const store = createEventStore({ ...relayLimits, ...limits });
  const filters = everything.ok ? [everything.filter] : [];
  return {
    ...store,
    contents: () =>
      store
        .query(filters, 0, () => true)
        .events.map((event) => event.content)
        .sort(),
  };
}

test('drops the event that came first when it is full', () => {
  const store = openStore({ storedEvents: 2 });
  for (const content of ['a', 'b', 'c']) store.put(note(content), 1);
  expect(store.contents()).toEqual(['b', 'c']);
  expect(store.counts()).toEqual({ storedEvents: 2, storedBytes: 2 });
});

test('limits bytes, too', () => {
  const store = openStore({ storedBytes: 100 });
  for (const content of ['a', 'b', 'c']) store.put(note(content), 40);
  expect(store.contents()).toEqual(['b', 'c']);
  store.put(note('large'), 90);
  expect(store.contents()).toEqual(['large']);
});

test('a flood of notes drops no message, and messages leave room for presences', () => {
  const store = openStore({ storedEvents: 4, publicEvents: 1 });
  const message = (content: string) => note(content, { kind: 4 });
  for (const content of ['m1', 'm2']) store.put(message(content), 1);
  for (let i = 1; i <= 9; i++) store.put(note(`note ${i}`), 1);
  expect(store.contents()).toEqual(['m1', 'm2', 'note 8', 'note 9']);
  for (const content of ['m3', 'm4', 'm5']) store.put(message(content), 1);
  expect(store.contents()).toEqual(['m3', 'm4', 'm5', 'note 9']);
  store.put(note('note 10'), 1);
  expect(store.contents()).toEqual(['m3', 'm4', 'm5', 'note 10'].sort());
});

test('a replaced version frees its space', () => {
  const store = openStore({ storedEvents: 2 });
  store.put(note('stays'), 1);
  for (let i = 0; i < 5; i++) store.put(note(`v${i}`, { kind: 0, created_at: 1000 + i }), 1);
  expect(store.contents()).toEqual(['stays', 'v4']);
});

test('remembers a limited number of deletions, and forgets the oldest first', () => {
  const store = openStore({ deletions: 2 });
  const [a, b, c] = [note('a'), note('b'), note('c')];
  for (const event of [a, b, c]) store.put(note('', { kind: 5, tags: [['e', event.id]] }), 1);
  expect([a, b, c].map((event) => store.put(event, 1))).toEqual(['new', 'deleted', 'deleted']);
});

test('an address is deleted up to the date of the request; older versions are refused', () => {
  const store = openStore({});
  const version = (created_at: number) => note(`at ${created_at}`, { kind: 10_002, created_at });
  store.put(version(1000), 1);
  store.put(note('', { kind: 5, created_at: 2000, tags: [['a', `10002:${alice.pubkey}:`]] }), 1);
  expect(store.put(version(1500), 1)).toBe('deleted');
  expect(store.put(version(2001), 1)).toBe('new');
});

test('restores from its records what it had stored, whatever was replaced, deleted or dropped before', () => {
  const random = createSeededRandom(5);
  const draw = (count: number): number => Math.floor(random.unit() * count);
  const limits = { storedEvents: 40, deletions: 10 };
  const store = openStore(limits);
  const ids: string[] = [];
  for (let n = 0; n < 300; n++) {
    const kind = [1, 4, 0, 10_002, 31_337, 5, 20_001][draw(7)] ?? 1;
    const tags = kind === 5 ? [['e', ids[draw(ids.length)] ?? '0'.repeat(64)]] : [['d', String(draw(3))]];
    const event = note(`event ${n}`, { kind, tags, created_at: 1000 + draw(50) });
    ids.push(event.id);
    store.put(event, 1 + draw(9));
  }
  const restored = openStore(limits);
  for (const record of store.records()) restored.restore(record);
  restored.sweep(0);
  expect(restored.records()).toEqual(store.records());
  expect(restored.counts()).toEqual(store.counts());
  expect(restored.contents()).toEqual(store.contents());
});

test('deleting a deletion does nothing', () => {
  const store = openStore({});
  const request = note('request', { kind: 5, tags: [] });
  store.put(request, 1);
  store.put(note('again', { kind: 5, tags: [['e', request.id]] }), 1);
  expect(store.contents()).toEqual(['again', 'request']);
});
