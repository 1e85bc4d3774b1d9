import type { NostrEvent } from '@ocmesh/shared/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventIndex } from './event-index.ts';
import { newestFirst } from './event-order.ts';
import { matches, readFilter } from './filter.ts';

const hex = (seed: string): string => seed.repeat(64).slice(0, 64);
const people = ['a', 'b', 'c'].map(hex);

const tag = fc.oneof(
  fc.tuple(fc.constant('p'), fc.constantFrom(...people)),
  fc.tuple(fc.constantFrom('t', 'd', 'x'), fc.constantFrom('one', 'two')),
  fc.constant(['p']),
);
const events = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[0-9a-f]{64}$/),
    pubkey: fc.constantFrom(...people),
    created_at: fc.integer({ min: 0, max: 6 }),
    kind: fc.constantFrom(1, 4, 31_337),
    tags: fc.array(tag, { maxLength: 4 }),
  }),
  { selector: (event) => event.id, maxLength: 40 },
);
const filterFields = fc.record(
  {
    authors: fc.subarray(people),
    kinds: fc.subarray([1, 4, 31_337, 7]),
    '#p': fc.subarray(people),
    '#t': fc.subarray(['one', 'two']),
    '#d': fc.subarray(['one', 'two']),
    '#x': fc.subarray(['one', 'two']),
    since: fc.integer({ min: 0, max: 7 }),
    until: fc.integer({ min: 0, max: 7 }),
    limit: fc.integer({ min: 0, max: 10 }),
  },
  { requiredKeys: [] },
);

const complete = (event: object): NostrEvent => ({ content: '', sig: '', ...event }) as NostrEvent;
const idsOf = (found: readonly NostrEvent[]): string[] => found.map((event) => event.id);

test('finds what a full scan would, also after removals', () => {
  fc.assert(
    fc.property(events, filterFields, fc.nat(5), fc.boolean(), (drafts, fields, every, byId) => {
      const index = createEventIndex();
      const stored = drafts.map(complete);
      for (const event of stored) index.add(event);
      const kept = stored.filter((_, i) => every === 0 || i % every !== 0);
      for (const event of stored) if (!kept.includes(event)) index.remove(event);

      const ids = byId ? { ids: stored.filter((_, i) => i % 2 === 0).map((event) => event.id) } : {};
      const reading = readFilter({ ...fields, ...ids }, 500);
      if (!reading.ok) throw new Error(reading.reason);
      const isVisible = (event: NostrEvent): boolean => !event.id.startsWith('0');
      const scanned = kept
        .filter((event) => matches(reading.filter, event) && isVisible(event))
        .sort(newestFirst);

      expect(idsOf(index.query(reading.filter, isVisible))).toEqual(
        idsOf(scanned.slice(0, reading.filter.limit)),
      );
      expect(index.count()).toBe(kept.length);
    }),
    { numRuns: 1000 },
  );
});

test('reads only the smallest index that fits', () => {
  const index = createEventIndex();
  for (let i = 0; i < 1000; i++) {
    const topic = i === 500 ? 'rare' : 'common';
    index.add(
      complete({
        id: hex(i.toString(16).padStart(4, '0')),
        pubkey: hex('a'),
        created_at: i,
        kind: 1,
        tags: [['t', topic]],
      }),
    );
  }
  const reading = readFilter({ kinds: [1], authors: [hex('a')], '#t': ['rare'] }, 500);
  if (!reading.ok) throw new Error(reading.reason);
  let looked = 0;
  const found = index.query(reading.filter, () => {
    looked++;
    return true;
  });
  expect([found.length, looked]).toEqual([1, 1]);
});
