import type { FittingPage } from '../budget.ts';

/** A page under the name of its rows; `left_out` only when some were too long for one answer. */
export const pageResult = (name: string, page: FittingPage): Record<string, unknown> => ({
  [name]: page.rows,
  next_cursor: page.next_cursor,
  ...(page.left_out > 0 ? { left_out: page.left_out } : {}),
});
