import stringWidth from 'fast-string-truncated-width';
import type { Io } from './io.ts';
import { paintFor, type Style } from './output.ts';

export interface Column<Row> {
  readonly title: string;
  /** One line, cleaned. */
  readonly value: (row: Row) => string;
  readonly style?: (row: Row) => Style | null;
  /** Whether to cut this column if the terminal is too narrow. */
  readonly shrinks?: true;
}

/** Width of a terminal that does not report one. */
const DEFAULT_WIDTH = 80;
const GAP = '  ';
const MIN_WIDTH = 8;

export const widthOf = (text: string): number => stringWidth(text).width;

/** Cuts the text to at most this many terminal columns. */
export function fitText(text: string, columns: number): string {
  const { truncated, ellipsed, index } = stringWidth(text, { limit: columns, ellipsis: '…' });
  return truncated ? `${text.slice(0, index)}${ellipsed ? '…' : ''}` : text;
}

/** Formats rows under titles, no wider than the terminal; in a pipe, nothing is cut. */
export function renderTable<Row>(io: Io, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const paint = paintFor(io, io.stdout);
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const natural = columns.map(({ title }, i) =>
    Math.max(widthOf(title), ...cells.map((line) => widthOf(line[i] ?? ''))),
  );
  const widths = io.stdout.isTTY ? shrink(columns, natural, io.stdout.columns ?? DEFAULT_WIDTH) : natural;
  const line = (texts: readonly string[], style: (i: number) => Style | null | undefined): string =>
    texts
      .map((text, i) => {
        const shown = fitText(text, widths[i] ?? 0);
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(shown)));
        const chosen = style(i);
        return (chosen ? paint(chosen, shown) : shown) + (i === texts.length - 1 ? '' : padding);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      columns.map(({ title }) => title),
      () => 'dim',
    ),
    ...rows.map((row, r) => line(cells[r] ?? [], (i) => columns[i]?.style?.(row))),
  ].join('\n');
}

function shrink(columns: readonly Column<never>[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  for (let over = total() - room; over > 0; over = total() - room) {
    const candidates = widths.map((width, i) => (columns[i]?.shrinks ? width : 0));
    const widest = candidates.indexOf(Math.max(...candidates));
    const width = widths[widest] ?? 0;
    if (width <= MIN_WIDTH) break;
    const second = Math.max(...candidates.filter((_, i) => i !== widest), MIN_WIDTH);
    widths[widest] = Math.max(width - over, Math.min(second, width - 1), MIN_WIDTH);
  }
  return widths;
}
