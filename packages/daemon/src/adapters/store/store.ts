import type { Clock, Log } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import type { Store, Tables } from '../../core/ports/store.ts';
import type { Compact } from './engine/compaction.ts';
import { createCompactor } from './engine/compactor.ts';
import { createDurableCopy, type ReadImage } from './engine/durable-copy.ts';
import type { Files } from './engine/files.ts';
import { createJournalWriter } from './engine/journal-writer.ts';
import { recover } from './engine/recover.ts';
import { createSlowDisk } from './engine/slow-disk.ts';
import { startUp } from './engine/start-up.ts';
import { createWriteRefusal } from './engine/write-refusal.ts';
import { storeLimits } from './limits.ts';
import { createMemoryDatabase } from './memory-database.ts';

export interface StoreDeps {
  /** Path of the snapshot; the journal is next to it. */
  readonly path: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly files: Files;
  readonly compact: Compact;
  /** Without it, nothing can be read while the disk is slow. */
  readonly readImage?: ReadImage;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Throws if another process took over the home. Called after each write and before it is acknowledged, and before files
   * are created or replaced. Whoever takes over announces itself first and reads the store afterwards.
   */
  readonly checkOwnership?: () => void;
  /** Called when the disk failed in a way that leaves unclear what it holds: only a new start can tell. */
  readonly onFailStop: (error: unknown) => void;
  /** Compacts when the journal is longer than this. */
  readonly compactBytes?: number;
}

/**
 * Opens the store: SQLite in memory, made durable by a journal. A transaction applies at once (`memory`) and is
 * acknowledged when the frame with its commands is on disk (`journal`).
 * @throws UnreadableStoreError
 */
export async function openStore(deps: StoreDeps): Promise<Store> {
  const { path, key, files, clock, log, checkOwnership = () => {} } = deps;
  const start = await startUp(files, path, key, log);
  const { segment, sequence } = start;
  const memory = createMemoryDatabase(start.sql);
  let isClosed = false;
  const slowDisk = createSlowDisk({ clock, log, onChange: () => durable.drop() });
  const durable = createDurableCopy({
    clock,
    readMemory: read,
    load: async () => {
      if (!deps.readImage) throw new Error('there is no other way to read the disk');
      return deps.readImage({ path, key, sequence: journal.sequenceOnDisk() });
    },
  });
  const isOver = (): boolean => isClosed || refusal.isFinal();

  const journal = createJournalWriter({
    files,
    clock,
    path,
    key,
    segment,
    sequence,
    closedBytes: start.journalBytes,
    checkOwnership,
    onWriteBegin: slowDisk.onWriteBegin,
    onWriteEnd: slowDisk.onWriteEnd,
    onIdle() {
      if (!isOver() && compactor.isDue()) void compactor.compact();
    },
    onFailure: (error, sequenceOnDisk) => refusal.begin(error, sequenceOnDisk),
  });

  const compactor = createCompactor(
    {
      path,
      key,
      files,
      compact: deps.compact,
      journal,
      clock,
      log,
      checkOwnership,
      compactBytes: deps.compactBytes,
    },
    { generation: start.generation, bytes: start.snapshotBytes },
  );

  const refusal = createWriteRefusal({
    clock,
    log,
    isWriting: () => journal.writing() !== null,
    onFailStop: deps.onFailStop,
    async restore(sequenceOnDisk) {
      const recovered = await recover(files, path, key);
      if (recovered.sequence !== sequenceOnDisk) throw new Error('the journal does not end where it should');
      memory.replace(recovered.sql);
    },
    async resume() {
      await compactor.running();
      // A new segment, as the current one may hold a part of the frame that found no room. Without frames it is replaced.
      await journal.switchSegment(journal.segmentNumber() + Number(journal.hasFrames()));
    },
  });

  function transaction<T>(change: (tables: Tables) => T, mayWaitMs?: (result: T) => number): Promise<T> {
    const refused = refusal.current();
    if (isOver()) return Promise.reject(new OcmeshError(refused?.code ?? 'shutting_down'));
    if (slowDisk.current()) {
      const retryAfterSeconds = storeLimits.slowSeconds;
      return Promise.reject(new OcmeshError('storage_slow', { retryAfterSeconds }));
    }
    if (refused) return refusal.probe().then(() => transaction(change, mayWaitMs));
    try {
      const { result, commands } = memory.apply(change);
      const delayMs = mayWaitMs?.(result) ?? 0;
      if (commands.length > 0) journal.append(commands, delayMs);
      // It may have seen a change that waits.
      else if (delayMs === 0) void journal.flush();
      return journal.onDisk().then(() => result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async function read<T>(look: (tables: Tables) => T): Promise<T> {
    const refused = refusal.current();
    // Memory may be ahead of a disk that failed: only a new start knows.
    if (isOver() && refused) throw new OcmeshError(refused.code);
    if (slowDisk.current()) return durable.read(look);
    const result = look(memory.tables());
    if (!journal.flush()) return result;
    return new Promise((resolve, reject) => {
      // What was read may not be on disk for long: read again what the disk has.
      const again = (): void => void read(look).then(resolve, reject);
      const cancel = slowDisk.onSlow(again);
      journal
        .onDisk()
        // It has been taken back.
        .then(() => resolve(result), again)
        .finally(cancel);
    });
  }

  return {
    transaction,
    read,
    peek: (look) => look(memory.tables()),
    refusal: () => refusal.current() ?? slowDisk.current(),
    onSlow: slowDisk.onSlow,
    size: () => ({ bytes: compactor.snapshotBytes(), journalBytes: journal.bytes() }),
    async close() {
      if (isOver()) return;
      isClosed = true;
      await journal.flush();
      await compactor.running();
      await refusal.probing()?.catch(() => {});
      // After a clean stop ocmesh.db is complete without its journal.
      if (!refusal.current() && journal.bytes() > 0) await compactor.compact({ all: true });
      journal.close();
      memory.close();
    },
  };
}
