import { type Page, utf8Bytes } from '@ocmesh/shared/contract';
import { cutText, inertJson } from '@ocmesh/shared/text';
import { toolLimits } from './limits.ts';

/** Bytes reserved for the fence around the text. */
export const fenceBytes = 256;
/** Bytes reserved for the fence and for the fields next to the rows of a list: cursors, counts. */
const frameBytes = fenceBytes + 400;

/** Bytes of a value in a result: as JSON, or as JSON in a fence if that is longer. */
export const shownBytes = (value: unknown): number =>
  Math.max(utf8Bytes(JSON.stringify(value) ?? ''), utf8Bytes(inertJson(value)));

/** Number of rows, from the first one, that fit into `bytes` as a JSON array. */
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
  /** Number of requested rows that did not fit; `next_cursor` leads to them. */
  readonly left_out: number;
}

/**
 * Fetches a page that fits into one result. Cursors are opaque, so a page that is too long is fetched again with a
 * smaller limit: its cursor then points at the first row left out.
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
    // At least one row: each row is bounded by itself.
    const fitting = Math.max(1, countFitting(rows, toolLimits.resultBytes - frameBytes));
    if (fitting >= rows.length) return { rows, next_cursor, left_out: leftOut };
    leftOut += rows.length - fitting;
    rowsWanted = fitting;
  }
}

/** Rows that fit into one result, and the ids of the others, for lists without a cursor. */
export function fitWithIds(
  rows: readonly unknown[],
  ids: readonly string[],
): { rows: unknown[]; left_out_ids: string[] } {
  let kept = countFitting(rows, toolLimits.resultBytes - frameBytes);
  while (kept > 0 && shownBytes([rows.slice(0, kept), ids.slice(kept)]) > toolLimits.resultBytes - frameBytes)
    kept--;
  return { rows: rows.slice(0, kept), left_out_ids: ids.slice(kept) };
}

/** The longest prefix of `text` that takes at most `bytes` bytes in a result. */
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
