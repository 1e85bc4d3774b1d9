import { type Page, utf8Bytes } from '@ocmesh/shared/contract';
import { cutText, inertJson } from '@ocmesh/shared/text';
import { toolLimits } from './limits.ts';

/** Room for the fence around the text. */
export const fenceBytes = 256;
/** Room for that, and for the fields around the rows of a list: cursors, counts. */
const frameBytes = fenceBytes + 400;

/** Bytes of a value as JSON, or as JSON in a fence where that is longer. */
export const shownBytes = (value: unknown): number =>
  Math.max(utf8Bytes(JSON.stringify(value) ?? ''), utf8Bytes(inertJson(value)));

/** How many rows from the start fit into `bytes` as a JSON array. */
export function countFitting(rows: readonly unknown[], bytes: number): number {
  let used = 2;
  const end = rows.findIndex((row) => {
    used += shownBytes(row) + 1;
    return used > bytes;
  });
  return end < 0 ? rows.length : end;
}

export interface FittingPage {
  readonly rows: unknown[];
  readonly next_cursor: string | null;
  /** Rows that were asked for and wait behind `next_cursor`, as they were too long to show. */
  readonly left_out: number;
}

/**
 * A page that fits into one result. Cursors are the daemon's secret, so a page that is too long
 * is asked for again with a smaller limit: its cursor then points at the first row left out.
 */
export async function fitPage<T>(
  ask: (limit: number) => Promise<Page<T[]>>,
  limit: number,
  present: (item: T) => unknown,
): Promise<FittingPage> {
  let rowsWanted = limit;
  let leftOut = 0;
  for (;;) {
    const { items, next_cursor } = await ask(rowsWanted);
    const rows = items.map(present);
    // A single row always goes out: each is bounded by itself.
    const fitting = Math.max(1, countFitting(rows, toolLimits.resultBytes - frameBytes));
    if (fitting >= rows.length) return { rows, next_cursor, left_out: leftOut };
    leftOut += rows.length - fitting;
    rowsWanted = fitting;
  }
}

/** Messages that fit, and the ids of the others: their place in the inbox has no cursor of its own. */
export function fitWithIds(
  rows: readonly unknown[],
  ids: readonly string[],
): { rows: unknown[]; left_out_ids: string[] } {
  let kept = countFitting(rows, toolLimits.resultBytes - frameBytes);
  while (kept > 0 && shownBytes([rows.slice(0, kept), ids.slice(kept)]) > toolLimits.resultBytes - frameBytes)
    kept--;
  return { rows: rows.slice(0, kept), left_out_ids: ids.slice(kept) };
}

/** The longest beginning of `text` that takes at most `bytes` bytes in a result. */
export function cutToShownBytes(text: string, bytes: number): string {
  if (shownBytes(text) <= bytes) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (shownBytes(cutText(text, middle)) <= bytes) low = middle;
    else high = middle - 1;
  }
  return cutText(text, low);
}
