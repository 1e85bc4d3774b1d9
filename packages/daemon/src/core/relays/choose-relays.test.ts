import { expect, test } from 'vitest';
import { chooseRelays } from './choose-relays.ts';

const candidates = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const none = { named: null, candidates };
const add = (url: string) => ({ url, wanted: true });
const remove = (url: string) => ({ url, wanted: false });

test('takes the first candidates, or all that are named', () => {
  expect(chooseRelays(none, [])).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(chooseRelays({ named: ['x', 'y'], candidates }, [])).toEqual(['x', 'y']);
});

test('heeds what the owner added and took away', () => {
  const choices = [remove('a'), add('x')];
  expect(chooseRelays(none, choices)).toEqual(['b', 'c', 'd', 'e', 'f', 'x']);
  expect(chooseRelays({ named: ['a', 'x'], candidates }, choices)).toEqual(['x']);
});

test('a candidate that the owner added takes no place of the others', () => {
  expect(chooseRelays(none, [add('a')])).toEqual(['b', 'c', 'd', 'e', 'f', 'a']);
});

test('the next candidate stands in for a benched one, which may be tried beside it', () => {
  const isB = (url: string) => url === 'b';
  expect(chooseRelays(none, [], isB)).toEqual(['a', 'c', 'd', 'e', 'f']);
  expect(chooseRelays(none, [], isB, isB)).toEqual(['a', 'c', 'd', 'e', 'f', 'b']);
});

test('with all of them benched none is left out', () => {
  expect(chooseRelays(none, [], () => true)).toEqual(['a', 'b', 'c', 'd', 'e']);
});
