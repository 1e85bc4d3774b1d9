import type { Segment, Transaction } from './journal.ts';

/** Transactions that go to disk together; everybody who made or read one of them waits for the same write. */
export interface Batch {
  readonly firstSequence: number;
  readonly transactions: readonly Transaction[];
  readonly segment: Segment;
  readonly settled: Promise<void>;
  add(transaction: Transaction): void;
  /** Whether what comes next should go into another one. */
  isFull(): boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Characters of one frame: the bytes of its JSON, at most six each, stay far below what a frame may have. */
const MOST_CHARACTERS = 1024 * 1024;

export function createBatch(firstSequence: number, segment: Segment): Batch {
  let resolve = (): void => {};
  let reject = (_: unknown): void => {};
  const settled = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Somebody always waits, but not always before it fails.
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
