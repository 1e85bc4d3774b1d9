import type { FileHandle } from 'node:fs/promises';
import type { Clock, Log } from '@ocmesh/shared/ambient';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { RelayLimits } from '../limits.ts';
import { openSegmentFiles, type SegmentFiles } from './segment-files.ts';
import { decodeRecord, encodeRecord, type StoredRecord } from './stored-record.ts';

/** Keeps events over restarts. */
export interface EventDisk {
  /** Reports all records in their order. Call it once, before `append`. */
  load(apply: (record: StoredRecord) => void): Promise<void>;
  /**
   * Puts an event on disk and reports the result, in the order of the calls. Events that come while the disk is busy
   * share the next fsync.
   */
  append(event: NostrEvent, bytes: number, done: (error: unknown) => void): void;
  /** Writes what is waiting, and releases the files. */
  close(): Promise<void>;
}

export interface EventDiskDeps {
  readonly folder: string;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** Throws if another process owns the folder now. Called after each write, before it is acknowledged. */
  readonly checkOwnership: () => void;
  /** Returns the records of everything that is stored now. */
  readonly snapshot: () => readonly StoredRecord[];
  /** Bytes of the events that are stored now. */
  readonly storedBytes: () => number;
}

/** Pause after a compaction that failed, perhaps because the disk is full. */
const COMPACTION_PAUSE_MS = 60_000;

interface Waiting {
  readonly line: string;
  readonly done: (error: unknown) => void;
}

/**
 * Appends events to segments of one folder. When they hold too much that is no longer stored, a new segment with all that
 * is stored replaces them; it is written while events go on coming, into the segment after it.
 */
export function openEventDisk(deps: EventDiskDeps): EventDisk {
  const { folder, limits, clock, log, checkOwnership, snapshot, storedBytes } = deps;
  const files: SegmentFiles = openSegmentFiles(folder, log);
  /** Bytes of each segment, by number. */
  const segments = new Map<number, number>();
  let current: { readonly number: number; readonly file: FileHandle } | null = null;
  let lastNumber = 0;
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let flushing: Promise<void> | null = null;
  let compacting: Promise<void> | null = null;
  /** The last write failed: its line may be incomplete. */
  let isTorn = false;
  /** No compaction before this time: a failed one is not tried again at each event. */
  let compactionFromMs = Number.NEGATIVE_INFINITY;

  const totalBytes = (): number => [...segments.values()].reduce((sum, bytes) => sum + bytes, 0);

  async function startSegment(): Promise<void> {
    const previous = current;
    current = null;
    await previous?.file.close();
    const number = ++lastNumber;
    current = { number, file: await files.create(number) };
    segments.set(number, 0);
    isTorn = false;
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    if (totalBytes() > limits.diskBytes) throw new Error('the data folder is full');
    if (!current) await startSegment();
    if (!current) return;
    const text = `${isTorn ? '\n' : ''}${batch.map(({ line }) => line).join('')}`;
    isTorn = true;
    await current.file.writeFile(text);
    await current.file.datasync();
    isTorn = false;
    segments.set(current.number, (segments.get(current.number) ?? 0) + Buffer.byteLength(text));
    checkOwnership();
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      waitingBytes = 0;
      const error = await write(batch).then(
        () => null,
        (reason: unknown) => reason,
      );
      for (const { done } of batch) done(error);
      // Only here, everything that was acknowledged is in the snapshot.
      if (shouldCompact()) await startCompaction();
    }
    flushing = null;
  }

  const shouldCompact = (): boolean =>
    !compacting &&
    clock.monotonic() >= compactionFromMs &&
    (segments.size > limits.diskSegments || totalBytes() > 2 * storedBytes() + limits.diskSlackBytes);

  /** Events go to a new segment from now on; one before it gets all that is stored. */
  async function startCompaction(): Promise<void> {
    const replaced = [...segments.keys()];
    const number = ++lastNumber;
    try {
      await startSegment();
    } catch (error) {
      giveUpCompaction(error);
      return;
    }
    compacting = files
      .write(number, snapshot(), checkOwnership)
      .then(async (bytes) => {
        segments.set(number, bytes);
        for (const old of replaced) {
          await files.remove(old);
          segments.delete(old);
        }
      })
      .catch(giveUpCompaction)
      .finally(() => {
        compacting = null;
      });
  }

  function giveUpCompaction(error: unknown): void {
    compactionFromMs = clock.monotonic() + COMPACTION_PAUSE_MS;
    log.warn('could not compact the data folder', { error: String(error) });
  }

  return {
    async load(apply) {
      let damaged = 0;
      for (const { number, bytes } of await files.list()) {
        segments.set(number, bytes);
        lastNumber = Math.max(lastNumber, number);
        for await (const line of files.read(number)) {
          const record = decodeRecord(line);
          if (record) apply(record);
          else if (line !== '') damaged++;
        }
      }
      if (damaged > 0) log.warn('skipped damaged records in the data folder', { damaged });
    },
    append(event, bytes, done) {
      if (waitingBytes > limits.diskWaitingBytes) {
        done(new Error('the disk is too slow'));
        return;
      }
      waiting.push({ line: encodeRecord({ event, bytes }), done });
      waitingBytes += bytes;
      flushing ??= flush();
    },
    async close() {
      await flushing;
      await compacting;
      await current?.file.close();
      current = null;
    },
  };
}
