/** No change of the layout, but new statements: an earlier version cannot replay a journal that uses them. */
export const shares = '-- How much room each peer takes is counted at each start: see kept-sums.ts.';
