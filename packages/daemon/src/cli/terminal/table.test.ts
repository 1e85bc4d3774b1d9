import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Io } from './io.ts';
import { type Column, fitText, renderTable, widthOf } from './table.ts';

interface Row {
  readonly name: string;
  readonly text: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'KEY', value: () => 'b0b0b0b0' },
  { title: 'TEXT', value: ({ text }) => text, shrinks: true },
];
const rows: readonly Row[] = [
  { name: 'bob', text: 'hello' },
  { name: '漢字漢字漢字漢字漢字', text: `a long one 👋 ${'x'.repeat(100)}` },
];

const ioOf = (terminal: object): Io =>
  ({ stdout: Object.assign(new PassThrough(), terminal), env: {} }) as never;
const widths = (table: string): number[] => table.split('\n').map(widthOf);

test('aligns columns, also with wide characters', () => {
  const [title, bob] = renderTable(ioOf({}), columns, rows).split('\n');
  expect(title).toBe('NAME                  KEY       TEXT');
  expect(bob).toBe('bob                   b0b0b0b0  hello');
});

test('fits the terminal: columns that may shrink are cut, keys are not', () => {
  const table = renderTable(ioOf({ isTTY: true, columns: 50 }), columns, rows);
  expect(Math.max(...widths(table))).toBeLessThanOrEqual(50);
  expect(table).toContain('b0b0b0b0');
  expect(table).toContain('…');
});

test('cuts nothing in a pipe', () => {
  expect(renderTable(ioOf({ columns: 50 }), columns, rows)).toContain('x'.repeat(100));
});

test('a text is cut between characters, never within one', () => {
  expect(fitText('漢字漢字', 5)).toBe('漢字…');
  expect(fitText('漢字漢字', 4)).toBe('漢…');
  expect(fitText('short', 5)).toBe('short');
});
