import type { Cancel, Clock, MonotonicMs } from '@ocmesh/shared/ambient';
import { currentSchema } from '../sql/migrations/index.ts';
import { type Batch, createBatch } from './batch.ts';
import { needingRoom } from './disk-full.ts';
import type { Files } from './files.ts';
import { createSegment, listSegments, removeSegments, type Segment, type Transaction } from './journal.ts';

/** Writes committed transactions to the journal in groups: what arrives during one write shares the next frame. */
export interface JournalWriter {
  /** Queues the commands of a transaction that was applied in memory, and writes them after `delayMs` or with others. */
  append(transaction: Transaction, delayMs?: number): void;
  /** Settles when everything appended so far is on disk; rejects if it was refused. */
  onDisk(): Promise<void>;
  /** The write under way and all that are queued; null while nothing is written. */
  writing(): Promise<void> | null;
  /** Writes what still waits for its delay, too. Null if everything is on disk. */
  flush(): Promise<void> | null;
  /** Number of transactions that are on disk. */
  sequenceOnDisk(): number;
  /** Number of the segment that is written to. */
  segmentNumber(): number;
  /** Whether that segment has frames. */
  hasFrames(): boolean;
  /** Bytes of frames that no snapshot holds yet. */
  bytes(): number;
  /**
   * Makes a new segment; everything appended from then on goes there. Resolves when all that was appended before is on
   * disk in the old one.
   */
  switchSegment(number: number): Promise<void>;
  /** Removes the segments before this one: a snapshot holds what is in them. */
  removeBefore(number: number): void;
  close(): void;
}

export interface JournalWriterDeps {
  readonly files: Files;
  readonly clock: Clock;
  /** Path of the snapshot. */
  readonly path: string;
  readonly key: Uint8Array;
  /** The segment of this run. */
  readonly segment: Segment;
  /** Transactions in the store so far. */
  readonly sequence: number;
  /** Bytes of frames in the older segments. */
  readonly closedBytes: number;
  /** @throws if another process took over the store */
  readonly checkOwnership: () => void;
  /** Called before each write to disk, and after it. */
  readonly onWriteBegin: () => void;
  readonly onWriteEnd: () => void;
  /** Called when everything is written. */
  readonly onIdle: () => void;
  /**
   * Called when a frame could not be written. All that is queued builds on that frame and is refused with the error
   * that this resolves with.
   * @param sequence transactions on disk: those before the frame
   */
  readonly onFailure: (error: unknown, sequence: number) => Promise<Error>;
}

export function createJournalWriter(deps: JournalWriterDeps): JournalWriter {
  const { files, clock, path, key, onIdle, onFailure } = deps;
  let { segment, sequence, closedBytes } = deps;
  /** In order of writing; the first may be under way. */
  const queue: Batch[] = [];
  let underWay: Batch | null = null;
  let draining: Promise<void> | null = null;
  let delay: { readonly cancel: Cancel; readonly until: MonotonicMs } | null = null;

  function append(transaction: Transaction, delayMs = 0): void {
    openBatch().add(transaction);
    sequence++;
    if (delayMs === 0) flush();
    else if (!draining) wait(delayMs);
  }

  /** Until the earliest time by which something has to be on disk. */
  function wait(ms: number): void {
    const until = clock.monotonic() + ms;
    if (delay && delay.until <= until) return;
    delay?.cancel();
    delay = { cancel: clock.after(ms, flush), until };
  }

  function flush(): Promise<void> | null {
    delay?.cancel();
    delay = null;
    if (queue.length > 0) draining ??= drain();
    return draining;
  }

  /** The batch that is not being written yet, for the current segment. */
  function openBatch(): Batch {
    const last = queue.at(-1);
    if (last && last !== underWay && last.segment === segment && !last.isFull()) return last;
    const batch = createBatch(sequence, segment);
    queue.push(batch);
    return batch;
  }

  const onDisk = (): Promise<void> => queue.at(-1)?.settled ?? Promise.resolve();

  async function drain(): Promise<void> {
    // One turn later: transactions of the same turn share the frame.
    await Promise.resolve();
    for (let batch = queue[0]; batch; batch = queue[0]) {
      underWay = batch;
      deps.onWriteBegin();
      await write(batch);
      deps.onWriteEnd();
      underWay = null;
      if (queue[0] === batch) queue.shift();
    }
    draining = null;
    onIdle();
  }

  async function write(batch: Batch): Promise<void> {
    const { segment: into, firstSequence, transactions } = batch;
    try {
      const frame = into.seal(firstSequence, transactions);
      await needingRoom(async () => {
        await into.reserve(frame.length);
        // On a copy-on-write disk this may need room as well.
        into.append(frame);
      });
      await into.datasync();
      if (!into.isLinked()) throw new Error(`segment ${into.number} of the journal was removed or replaced`);
      deps.checkOwnership();
    } catch (error) {
      return refuseFrom(batch, error);
    }
    batch.resolve();
  }

  async function refuseFrom({ firstSequence }: Batch, error: unknown): Promise<void> {
    const refusal = await onFailure(error, firstSequence);
    sequence = firstSequence;
    for (const refused of queue.splice(0)) refused.reject(refusal);
  }

  return {
    append,
    onDisk,
    writing: () => draining,
    flush,
    sequenceOnDisk: () => queue[0]?.firstSequence ?? sequence,
    segmentNumber: () => segment.number,
    hasFrames: () => segment.bytes() > 0,
    bytes: () => closedBytes + segment.bytes(),
    async switchSegment(number) {
      deps.checkOwnership();
      if (number !== segment.number && listSegments(files, path).includes(number))
        throw new Error(`segment ${number} of the journal exists already`);
      const next = await createSegment(files, path, key, number, currentSchema.newest);
      const old = segment;
      segment = next;
      flush();
      await onDisk().finally(() => {
        old.close();
        closedBytes += old.bytes();
      });
    },
    removeBefore(number) {
      closedBytes = 0;
      removeSegments(files, path, number);
    },
    close() {
      delay?.cancel();
      segment.close();
    },
  };
}
