import { actor } from '@ocmesh/testkit';
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
        .map((event) => event.content)
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

test('deleting a deletion does nothing', () => {
  const store = openStore({});
  const request = note('request', { kind: 5, tags: [] });
  store.put(request, 1);
  store.put(note('again', { kind: 5, tags: [['e', request.id]] }), 1);
  expect(store.contents()).toEqual(['again', 'request']);
});
