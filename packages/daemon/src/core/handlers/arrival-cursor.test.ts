import { expect, test } from 'vitest';
import type { Store } from '../ports/store.ts';
import { createArrivalCursors } from './arrival-cursor.ts';

const cursorsOf = (epoch: string | null) =>
  createArrivalCursors({
    peek: (read: (tables: object) => unknown) => read({ meta: { get: () => epoch } }),
  } as Store);

test('a cursor is a plain position until the home is restored', () => {
  const cursors = cursorsOf(null);
  expect([cursors.show(7), cursors.read('7')]).toEqual(['7', 7]);
});

test.each([
  ['before the restore', null, 'ab12cd34'],
  ['the restored home, which was replaced', 'ab12cd34', null],
  ['before another restore', 'ab12cd34', '00000000'],
])('a cursor from %s is refused', (_, before, now) => {
  const cursor = cursorsOf(before).show(7);
  expect(() => cursorsOf(now).read(cursor)).toThrow(expect.objectContaining({ code: 'cursor_unknown' }));
});

test('a cursor works in its own epoch, and the first position in all', () => {
  const cursors = cursorsOf('ab12cd34');
  expect([cursors.show(7), cursors.read('7-ab12cd34'), cursors.read('0')]).toEqual(['7-ab12cd34', 7, 0]);
});
