import { expect, test } from 'vitest';
import { chooseRelays } from './choose-relays.ts';

const candidates = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
/** One operator runs `a` and `f`. */
const haveSameOperator = (one: string, other: string): boolean => [one, other].sort().join('') === 'af';
const none = { named: null, candidates, haveSameOperator };
const add = (url: string) => ({ url, wanted: true });
const remove = (url: string) => ({ url, wanted: false });

test('uses the first candidates, or all configured relays', () => {
  expect(chooseRelays(none, [])).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(chooseRelays({ ...none, named: ['x', 'y'] }, [])).toEqual(['x', 'y']);
});

test('applies the relays that the owner added and removed', () => {
  const choices = [remove('a'), add('x')];
  expect(chooseRelays(none, choices)).toEqual(['b', 'c', 'd', 'e', 'f', 'x']);
  expect(chooseRelays({ ...none, named: ['a', 'x'] }, choices)).toEqual(['x']);
});

test('a candidate that the owner added does not count as one of the five', () => {
  expect(chooseRelays(none, [add('a')])).toEqual(['b', 'c', 'd', 'e', 'f', 'a']);
});

test('the next candidate replaces a benched one, which may be on trial as well', () => {
  const isB = (url: string) => url === 'b';
  expect(chooseRelays(none, [], isB)).toEqual(['a', 'c', 'd', 'e', 'g']);
  expect(chooseRelays(none, [], isB, isB)).toEqual(['a', 'c', 'd', 'e', 'g', 'b']);
});

test('uses the first candidates if all are benched', () => {
  expect(chooseRelays(none, [], () => true)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('uses a second relay of the same operator only if too few others work', () => {
  const without = (...urls: string[]) => chooseRelays(none, [], (url) => urls.includes(url));
  expect(without('a')).toEqual(['b', 'c', 'd', 'e', 'f']);
  expect(without('b', 'c')).toEqual(['a', 'd', 'e', 'f', 'g']);
});
