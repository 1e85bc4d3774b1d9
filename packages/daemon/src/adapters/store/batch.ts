import type { Segment, Transaction } from './journal.ts';

/** Transactions that go to disk together; everybody who made or read one of them waits for the same write. */
export interface Batch {
  readonly firstSequence: number;
  readonly transactions: Transaction[];
  readonly segment: Segment;
  readonly settled: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

export function createBatch(firstSequence: number, segment: Segment): Batch {
  let resolve = (): void => {};
  let reject = (_: unknown): void => {};
  const settled = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Somebody always waits, but not always before it fails.
  settled.catch(() => {});
  return { firstSequence, transactions: [], segment, settled, resolve, reject };
}
