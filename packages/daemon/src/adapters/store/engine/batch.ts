import type { Segment, Transaction } from './journal.ts';

/** Transactions that are written together. Everyone who made or read one of them waits for the same write. */
export interface Batch {
  readonly firstSequence: number;
  readonly transactions: readonly Transaction[];
  readonly segment: Segment;
  readonly settled: Promise<void>;
  add(transaction: Transaction): void;
  /** Whether the next transaction should go into another batch. */
  isFull(): boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Characters of one frame. With at most six bytes of JSON each, they stay far below the maximum length of a frame. */
const MOST_CHARACTERS = 1024 * 1024;

export function createBatch(firstSequence: number, segment: Segment): Batch {
  let resolve = (): void => {};
  let reject = (_: unknown): void => {};
  const settled = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Someone always waits for it, but perhaps only after it was rejected.
  settled.catch(() => {});
  const transactions: Transaction[] = [];
  let characters = 0;
  return {
    firstSequence,
    transactions,
    segment,
    settled,
    add(transaction) {
      transactions.push(transaction);
      for (const value of transaction.flat()) if (typeof value === 'string') characters += value.length;
    },
    isFull: () => characters >= MOST_CHARACTERS,
    resolve,
    reject,
  };
}
