import type { Page } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { countFitting, cutToFit, type FittingPage, fitPage } from './budget.ts';
import type { Shown } from './result.ts';

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
const row = (text: string): Shown => ({ known: ['row'], theirs: [['', text]] });

test('does not change a page that fits', async () => {
  const page = await fitPage(ask(0, 10), 20, row);
  expect(page.next_cursor).toBe('20');
  expect(page.rows).toHaveLength(20);
});

test('loses no row of a page that is too long: the cursor points at the first one left out', async () => {
  const seen: string[] = [];
  let cursor: string | null = '0';
  while (cursor !== null) {
    const page: FittingPage<string> = await fitPage(ask(Number(cursor), 3000), 20, row);
    seen.push(...page.items);
    cursor = page.next_cursor;
  }
  expect(seen.map((text) => Number.parseInt(text, 10))).toEqual(Array.from({ length: total }, (_, i) => i));
});

test('always shows one row, so that paging advances', async () => {
  const limits: number[] = [];
  const page = await fitPage(ask(0, 50_000, limits), 20, row);
  expect(page.rows).toHaveLength(1);
  expect(limits).toEqual([20, 1]);
});

test('counts what a host’s JSON makes of it: a quote takes two characters', () => {
  const fitting = (char: string) => countFitting(Array.from({ length: 40 }, () => row(char.repeat(1000))));
  expect(fitting('"')).toBe(7);
  expect(fitting('x')).toBe(14);
});

test('cuts a text to what fits, between characters', () => {
  expect(cutToFit('short', row)).toBe('short');
  for (const text of ['"'.repeat(20_000), '😀'.repeat(20_000)]) {
    const cut = cutToFit(text, row);
    expect(cut.length).toBeGreaterThan(7000);
    expect(text.startsWith(cut)).toBe(true);
    expect(/\p{Surrogate}/u.test(cut)).toBe(false);
  }
});
