import type { Page } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import {
  countFitting,
  cutToShownBytes,
  type FittingPage,
  fitPage,
  fitWithIds,
  shownBytes,
} from './budget.ts';
import { toolLimits } from './limits.ts';

const total = 60;
/** A daemon with 60 rows; the cursor is the number of rows before the page. */
const ask =
  (from: number, rowLength: number, limits: number[] = []) =>
  async (limit: number): Promise<Page<string[]>> => {
    limits.push(limit);
    const end = Math.min(from + limit, total);
    const items = Array.from({ length: end - from }, (_, i) => String(from + i).padEnd(rowLength, '.'));
    return { items, next_cursor: end < total ? String(end) : null };
  };

test('does not change a page that fits', async () => {
  const page = await fitPage(ask(0, 10), 20, (row) => row);
  expect(page).toMatchObject({ next_cursor: '20', left_out: 0 });
  expect(page.rows).toHaveLength(20);
});

test('loses no row of a page that is too long: the cursor points at the first one left out', async () => {
  const seen: string[] = [];
  let cursor: string | null = '0';
  while (cursor !== null) {
    const page: FittingPage = await fitPage(ask(Number(cursor), 3000), 20, (row) => row);
    expect(shownBytes(page)).toBeLessThanOrEqual(toolLimits.resultBytes);
    expect(page.left_out).toBe(Math.min(20, total - Number(cursor)) - page.rows.length);
    seen.push(...(page.rows as string[]));
    cursor = page.next_cursor;
  }
  expect(seen.map((row) => Number.parseInt(row, 10))).toEqual(Array.from({ length: total }, (_, i) => i));
});

test('always shows one row, so that paging advances', async () => {
  const limits: number[] = [];
  const page = await fitPage(ask(0, 50_000, limits), 20, (row) => row);
  expect(page.rows).toHaveLength(1);
  expect(limits).toEqual([20, 1]);
});

test('counts bytes, not characters', () => {
  expect(countFitting(['ä', 'ä'], 8)).toBe(1);
  expect(countFitting(['a', 'a'], 10)).toBe(2);
});

test('lists the ids of messages that do not fit, within the budget', () => {
  const ids = Array.from({ length: 100 }, (_, i) => String(i).padStart(128, '0'));
  const rows = ids.map((id) => ({ id, content: 'x'.repeat(1000) }));
  const fitted = fitWithIds(rows, ids);
  expect(fitted.rows.length).toBeGreaterThan(1);
  expect(fitted.rows.length + fitted.left_out_ids.length).toBe(100);
  expect(fitted.left_out_ids[0]).toBe(ids[fitted.rows.length]);
  expect(shownBytes(fitted)).toBeLessThanOrEqual(toolLimits.resultBytes);
});

test('cuts a text by its bytes as JSON, between characters', () => {
  expect(cutToShownBytes('short', 100)).toBe('short');
  expect(cutToShownBytes('"""""', 8)).toBe('"""');
  expect(cutToShownBytes('😀😀😀', 11)).toBe('😀😀');
});
