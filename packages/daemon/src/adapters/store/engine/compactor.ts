import type { Clock, Log } from '@ocmesh/shared/ambient';
import { COMPACT_PAUSE_MS, type Compact, isWorthwhile } from './compaction.ts';
import type { Files } from './files.ts';
import type { JournalWriter } from './journal-writer.ts';
import { installFile } from './replace-file.ts';

/** Decides when to compact, runs one compaction at a time, and pauses after one that failed. */
export interface Compactor {
  /** Whether a start would be noticeably faster after a compaction, and none failed just now. */
  isDue(): boolean;
  /**
   * Compacts, or joins the compaction that is running. Never rejects: after a failure the old snapshot and all segments
   * are still there.
   * @param options.all include the current segment even after a failure
   */
  compact(options?: { readonly all: boolean }): Promise<void>;
  /** The compaction under way; null while there is none. */
  running(): Promise<void> | null;
  snapshotBytes(): number;
}

export function createCompactor(
  deps: {
    readonly path: string;
    readonly key: Uint8Array;
    readonly files: Files;
    readonly compact: Compact;
    readonly journal: JournalWriter;
    readonly clock: Clock;
    readonly log: Log;
    /** @throws if another process took over the store */
    readonly checkOwnership: () => void;
    /** Compacts journals longer than this. */
    readonly compactBytes: number | undefined;
  },
  snapshot: {
    /** Number of the first segment that the snapshot does not hold. */
    readonly generation: number;
    readonly bytes: number;
  },
): Compactor {
  const { path, key, journal, clock, log } = deps;
  let { generation, bytes: snapshotBytes } = snapshot;
  let running: Promise<void> | null = null;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function compactOnce(all: boolean): Promise<void> {
    // After a failure only the segments that are closed already: a new segment for each attempt would fill the disk.
    const isRetry = failedAt > Number.NEGATIVE_INFINITY && journal.segmentNumber() > generation;
    if (!isRetry || all) await journal.switchSegment(journal.segmentNumber() + 1);
    const number = journal.segmentNumber();
    const bytes = await deps.compact({ path, key, generation: number });
    // The snapshot of a process that lost the store may be older than that of the new owner.
    deps.checkOwnership();
    await installFile(deps.files, path);
    snapshotBytes = bytes;
    generation = number;
    failedAt = Number.NEGATIVE_INFINITY;
    journal.removeBefore(generation);
  }

  return {
    isDue() {
      if (clock.monotonic() - failedAt < COMPACT_PAUSE_MS) return false;
      const length = { bytes: journal.bytes(), segments: journal.segmentNumber() - generation };
      return isWorthwhile(length, snapshotBytes, deps.compactBytes);
    },
    compact({ all } = { all: false }) {
      running ??= compactOnce(all)
        .catch((error) => {
          failedAt = clock.monotonic();
          log.warn('the journal could not be compacted into the snapshot', { reason: String(error) });
        })
        .finally(() => {
          running = null;
        });
      return running;
    },
    running: () => running,
    snapshotBytes: () => snapshotBytes,
  };
}
