import type { Page } from '@ocmesh/shared/contract';
import { cutText } from '@ocmesh/shared/text';
import { toolLimits } from './limits.ts';
import { type Shown, shownChars } from './result.ts';

/** Characters for what is around the rows: counts, cursors, the fence and its note. */
const frameChars = 1000;
const rowsChars = toolLimits.resultChars - frameChars;

/** Number of rows, from the first one, that fit into a result. At least one: each row is bounded by itself. */
export function countFitting(rows: readonly Shown[]): number {
  let used = 0;
  const end = rows.findIndex((row) => {
    used += shownChars(row);
    return used > rowsChars;
  });
  return end < 0 ? rows.length : Math.max(1, end);
}

export interface FittingPage<T> {
  readonly items: T[];
  readonly rows: Shown[];
  readonly next_cursor: string | null;
}

/**
 * Fetches a page that fits into one result. Cursors are opaque, so a page that is too long is fetched again with a
 * smaller limit: its cursor then points at the first row left out.
 */
export async function fitPage<T>(
  ask: (limit: number) => Promise<Page<T[]>>,
  limit: number,
  show: (item: T) => Shown,
): Promise<FittingPage<T>> {
  let rowsWanted = limit;
  for (;;) {
    const { items, next_cursor } = await ask(rowsWanted);
    const rows = items.map(show);
    const fitting = countFitting(rows);
    if (fitting >= rows.length) return { items, rows, next_cursor };
    rowsWanted = fitting;
  }
}

/** The longest beginning of a text with which `show` fits into a result. */
export function cutToFit(text: string, show: (text: string) => Shown): string {
  const fits = (cut: string) => shownChars(show(cut)) <= rowsChars;
  if (fits(text)) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(cutText(text, middle))) low = middle;
    else high = middle - 1;
  }
  return cutText(text, low);
}
