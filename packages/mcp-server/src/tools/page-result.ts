import type { FittingPage } from '../budget.ts';

/** A page as a result, under the name of its rows; `left_out` counts rows that did not fit. */
export const pageResult = (name: string, page: FittingPage): Record<string, unknown> => ({
  [name]: page.rows,
  next_cursor: page.next_cursor,
  ...(page.left_out > 0 ? { left_out: page.left_out } : {}),
});
