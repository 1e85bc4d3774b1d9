import type { Clock, Log, UnixMs } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import type { Store, Tables } from '../../core/ports/store.ts';
import { type Batch, createBatch } from './engine/batch.ts';
import { COMPACT_PAUSE_MS, type Compact, isWorthwhile } from './engine/compaction.ts';
import { DiskFull, needingRoom } from './engine/disk-full.ts';
import type { Files } from './engine/files.ts';
import { createSegment } from './engine/journal.ts';
import { recover } from './engine/recover.ts';
import { removeSegments, startUp } from './engine/start-up.ts';
import { currentSchema } from './sql/migrations/index.ts';
import type { Command } from './sql/statements.ts';
import { createDatabase } from './tables/database.ts';
import { createTables } from './tables/index.ts';

/** Pause before a full disk is asked again. */
const PROBE_MS = 500;

export interface StoreDeps {
  /** The snapshot's path; the journal lies beside it. */
  readonly path: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly files: Files;
  readonly compact: Compact;
  readonly clock: Clock;
  readonly log: Log;
  /** The disk failed in a way that leaves open what it holds: only a new start can tell. */
  readonly onFailStop: (error: unknown) => void;
  /** A journal longer than this is folded into the snapshot. */
  readonly compactBytes?: number;
}

/**
 * SQLite in memory, made durable by a journal: a transaction is applied at once, and acknowledged when the frame that
 * holds its commands is on disk. While one frame is being written, the next gathers.
 * @throws UnreadableStoreError
 */
export async function openStore(deps: StoreDeps): Promise<Store> {
  const { path, key, files, clock, log } = deps;
  let {
    sql,
    sequence,
    segment,
    snapshotBytes,
    generation,
    journalBytes: sealedJournalBytes,
  } = await startUp(files, path, key, log);
  let commands: Command[] = [];
  const openTables = (): Tables => createTables(createDatabase(sql, (command) => commands.push(command)));
  let tables = openTables();

  /** In order of writing; the first may be under way. */
  const queue: Batch[] = [];
  let writing: Batch | null = null;
  let draining: Promise<void> | null = null;
  let compacting: Promise<void> | null = null;
  let probing: Promise<void> | null = null;
  let refusal: { code: 'storage_full' | 'storage_unavailable'; since: UnixMs } | null = null;
  let probedAt = Number.NEGATIVE_INFINITY;
  let compactionFailedAt = Number.NEGATIVE_INFINITY;
  let isOver = false;

  function transaction<T>(change: (tables: Tables) => T): Promise<T> {
    if (isOver) return Promise.reject(new OcmeshError(refusal?.code ?? 'shutting_down'));
    if (refusal) return probe().then(() => transaction(change));
    commands = [];
    let result: T;
    sql.run('BEGIN');
    try {
      result = change(tables);
      sql.run('COMMIT');
    } catch (error) {
      sql.run('ROLLBACK');
      tables = openTables();
      return Promise.reject(error);
    }
    if (commands.length === 0) return onDisk().then(() => result);
    gathering().add(commands);
    sequence++;
    draining ??= drain();
    return onDisk().then(() => result);
  }

  /** The batch that is not being written yet, bound to the segment of the moment. */
  function gathering(): Batch {
    const last = queue.at(-1);
    if (last && last !== writing && last.segment === segment && !last.isFull()) return last;
    const batch = createBatch(sequence, segment);
    queue.push(batch);
    return batch;
  }

  /** Settles when everything applied so far is on disk. */
  const onDisk = (): Promise<void> => queue.at(-1)?.settled ?? Promise.resolve();

  async function read<T>(look: (tables: Tables) => T): Promise<T> {
    // Memory may be ahead of a disk that failed: only a new start knows.
    if (isOver && refusal) throw new OcmeshError(refusal.code);
    const result = look(tables);
    return onDisk().then(
      () => result,
      // What was looked at was taken back: answer from what the disk has.
      () => read(look),
    );
  }

  async function drain(): Promise<void> {
    // One turn later: what is done in the same turn shares the frame.
    await Promise.resolve();
    for (let batch = queue[0]; batch; batch = queue[0]) {
      writing = batch;
      await write(batch);
      writing = null;
      if (queue[0] === batch) queue.shift();
    }
    draining = null;
    if (!isOver && isJournalLong()) void compact();
  }

  async function write(batch: Batch): Promise<void> {
    const { segment: into, firstSequence, transactions } = batch;
    try {
      const frame = into.seal(firstSequence, transactions);
      await needingRoom(async () => {
        await into.reserve(frame.length);
        // Where a disk writes nothing in place, this may need room as well.
        into.append(frame);
      });
      await into.datasync();
    } catch (error) {
      return fail(batch, error);
    }
    batch.resolve();
  }

  async function fail(batch: Batch, error: unknown): Promise<void> {
    const isFull = error instanceof DiskFull;
    const cause = isFull ? error.cause : error;
    const code = isFull ? 'storage_full' : 'storage_unavailable';
    log.error('the store could not be written', { reason: String(cause) });
    refusal = { code, since: clock.now() };
    probedAt = clock.monotonic();
    if (isFull) await goBack(batch).catch(stop);
    else stop(error);
    // What gathered meanwhile rests on what is refused.
    for (const refused of queue.splice(0)) refused.reject(new OcmeshError(code, { cause }));
  }

  /** Memory becomes again what the disk has. */
  async function goBack({ firstSequence }: Batch): Promise<void> {
    const recovered = await recover(files, path, key);
    if (recovered.sequence !== firstSequence) throw new Error('the journal does not end where it should');
    const before = sql;
    sql = recovered.sql;
    sequence = recovered.sequence;
    tables = openTables();
    before.close();
  }

  function stop(error: unknown): void {
    isOver = true;
    refusal = { code: 'storage_unavailable', since: clock.now() };
    deps.onFailStop(error);
  }

  /** Asks a full disk for room again, from time to time. Rejects while there is none. */
  async function probe(): Promise<void> {
    const code = refusal?.code ?? 'storage_full';
    const isTooSoon = draining || clock.monotonic() - probedAt < PROBE_MS;
    if (!probing && isTooSoon) throw new OcmeshError(code);
    probing ??= goOn().finally(() => {
      probing = null;
    });
    await probing.catch((cause) => {
      throw new OcmeshError(code, { cause });
    });
  }

  /** In a new segment, since the old one may hold a part of the frame that found no room. */
  async function goOn(): Promise<void> {
    probedAt = clock.monotonic();
    await compacting;
    // One without frames is replaced.
    await switchSegment(segment.number + Number(segment.bytes() > 0));
    refusal = null;
    log.info('the store can be written again');
  }

  const journalBytes = (): number => sealedJournalBytes + segment.bytes();

  function isJournalLong(): boolean {
    if (clock.monotonic() - compactionFailedAt < COMPACT_PAUSE_MS) return false;
    const journal = { bytes: journalBytes(), segments: segment.number - generation };
    return isWorthwhile(journal, snapshotBytes, deps.compactBytes);
  }

  function compact(): Promise<void> {
    compacting ??= compactOnce()
      // The old snapshot and all segments are still there, and the next time may do.
      .catch((error) => {
        compactionFailedAt = clock.monotonic();
        log.warn('the journal could not be folded into the snapshot', { reason: String(error) });
      })
      .finally(() => {
        compacting = null;
      });
    return compacting;
  }

  async function compactOnce(): Promise<void> {
    // After one that failed, what is closed already will do: a segment for each try would fill the disk.
    const isRetry = compactionFailedAt > Number.NEGATIVE_INFINITY && segment.number > generation;
    if (!isRetry || isOver) await switchSegment(segment.number + 1);
    const { number } = segment;
    snapshotBytes = await deps.compact({ path, key, generation: number });
    generation = number;
    sealedJournalBytes = 0;
    compactionFailedAt = Number.NEGATIVE_INFINITY;
    removeSegments(files, path, generation);
  }

  /** Resolves when everything that was applied before is on disk, in the old segment; all else goes into the new. */
  async function switchSegment(number: number): Promise<void> {
    const next = await createSegment(files, path, key, number, currentSchema.newest);
    const old = segment;
    segment = next;
    await onDisk().finally(() => {
      old.close();
      sealedJournalBytes += old.bytes();
    });
  }

  return {
    transaction,
    read,
    peek: (look) => look(tables),
    refusal: () => refusal,
    size: () => ({ bytes: snapshotBytes, journalBytes: journalBytes() }),
    async close() {
      if (isOver) return;
      isOver = true;
      await draining;
      await compacting;
      await probing?.catch(() => {});
      // So that ocmesh.db alone is complete after a clean stop.
      if (!refusal && journalBytes() > 0) await compact();
      segment.close();
      sql.close();
    },
  };
}
