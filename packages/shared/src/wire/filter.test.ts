import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Filter } from './event.ts';
import { matchesFilter } from './filter.ts';

const event = {
  id: 'i',
  pubkey: 'a',
  kind: 4,
  created_at: 100,
  tags: [
    ['p', 'me', 'wss://x'],
    ['t', 'ocmesh'],
    ['t', 'x'],
  ],
};

test.each<[Filter, boolean]>([
  [{}, true],
  [{ ids: ['i'] }, true],
  [{ ids: ['j'] }, false],
  [{ ids: [] }, false],
  [{ authors: ['b', 'a'] }, true],
  [{ authors: ['b'] }, false],
  [{ kinds: [1, 4] }, true],
  [{ kinds: [1059] }, false],
  [{ since: 100, until: 100 }, true],
  [{ since: 101 }, false],
  [{ until: 99 }, false],
  [{ limit: 0 }, true],
  [{ '#p': ['me'] }, true],
  [{ '#p': ['you'] }, false],
  [{ '#t': ['x', 'y'] }, true],
  [{ '#d': ['x'] }, false],
  [{ kinds: [4], '#p': ['me'], '#t': ['y'] }, false],
])('%j: %s', (filter, matches) => {
  expect(matchesFilter(filter, event)).toBe(matches);
});

test('does not take other values for an event', () => {
  const filter: Filter = { kinds: [4], '#p': ['me'], since: 1 };
  for (const none of [null, undefined, 5, 'x', [], { kind: '4' }, { ...event, tags: 'p' }])
    expect(matchesFilter(filter, none)).toBe(false);
  expect(matchesFilter(filter, { ...event, tags: [null, 5, 'p', [], ['p'], ['p', 'me']] })).toBe(true);
  for (const created_at of ['late', [5], null, { toString: 1 }, { valueOf: 1, toString: 1 }])
    expect(matchesFilter({ since: 1 }, { created_at })).toBe(false);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      matchesFilter({ ids: ['x'], authors: ['x'], ...filter }, value);
    }),
  );
});
