import { describe, expect, test } from 'vitest';
import { matches, readFilter } from './filter.ts';

const KEY = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);

describe('reading', () => {
  test.each<[string, unknown, RegExp]>([
    ['null', null, /object/],
    ['an array', [], /object/],
    ['a text', 'kinds', /object/],
    ['kinds that are no list', { kinds: 1 }, /kinds/],
    ['a kind that is a text', { kinds: ['1'] }, /kinds/],
    ['a broken kind', { kinds: [1.5] }, /kinds/],
    ['a short id', { ids: ['abc'] }, /64/],
    ['a key in capitals', { authors: [KEY.toUpperCase()] }, /64/],
    ['a short #p', { '#p': ['abc'] }, /#p/],
    ['a #e that is no hex', { '#e': ['x'.repeat(64)] }, /#e/],
    ['a tag value that is a number', { '#t': [1] }, /#t/],
    ['a tag of several letters', { '#app': ['ocmesh'] }, /single-letter/],
    ['an unknown field', { search: 'x' }, /unsupported/],
    ['a negative limit', { limit: -1 }, /limit/],
    ['a since that is a text', { since: '0' }, /since/],
    ['an until past all numbers', { until: 1e300 }, /until/],
  ])('refuses %s', (_, value, reason) => {
    const reading = readFilter(value, 500);
    expect(reading.ok ? '' : reading.reason).toMatch(reason);
  });

  test('a filter without fields matches everything, up to the limit', () => {
    expect(readFilter({}, 500)).toMatchObject({
      ok: true,
      filter: { ids: null, kinds: null, limit: 500, sinceSec: 0 },
    });
  });

  test.each([
    [0, 0],
    [7, 7],
    [9999, 500],
  ])('a limit of %i becomes %i', (limit, expected) => {
    expect(readFilter({ limit }, 500)).toMatchObject({ filter: { limit: expected } });
  });
});

describe('matching', () => {
  const tags = [['p', KEY], ['t', 'one'], ['t', 'two'], ['e'], []];
  const event = { id: KEY, pubkey: OTHER, created_at: 100, kind: 4, tags, content: '', sig: '' } as never;

  test.each<[object, boolean]>([
    [{}, true],
    [{ ids: [KEY] }, true],
    [{ ids: [OTHER] }, false],
    [{ ids: [] }, false],
    [{ authors: [OTHER, KEY] }, true],
    [{ authors: [KEY] }, false],
    [{ kinds: [4] }, true],
    [{ kinds: [1] }, false],
    [{ since: 100, until: 100 }, true],
    [{ since: 101 }, false],
    [{ until: 99 }, false],
    [{ '#p': [KEY] }, true],
    [{ '#p': [OTHER] }, false],
    [{ '#t': ['two', 'three'] }, true],
    [{ '#t': ['one'], '#p': [OTHER] }, false],
    [{ '#T': ['one'] }, false],
    [{ '#e': [KEY] }, false],
    [{ limit: 0 }, true],
  ])('%j: %s', (fields, expected) => {
    const reading = readFilter(fields, 500);
    expect(reading.ok && matches(reading.filter, event)).toBe(expected);
  });
});
