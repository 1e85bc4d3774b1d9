import { describeSystemError } from '../../../node/system-error.ts';
import { currentSchema, schemaVersion } from '../sql/migrations/index.ts';
import { openSql, type Sql } from '../sql/sql.ts';
import { statementText } from '../sql/statements.ts';
import { UnreadableStoreError } from './errors.ts';
import type { Files } from './files.ts';
import { listSegments, readSegment } from './journal.ts';
import { readSnapshot, type SnapshotPosition } from './snapshot.ts';

export interface Recovered {
  readonly sql: Sql;
  /** Position of the snapshot; `generation` 1 if there is none yet. */
  readonly snapshot: SnapshotPosition;
  readonly snapshotBytes: number;
  /** Transactions in `sql`. */
  readonly sequence: number;
  /** Number of the next segment. A segment without frames is replaced, so that runs without a write leave nothing. */
  readonly nextSegment: number;
  readonly journalBytes: number;
  /** Bytes of frames in the segment before `nextSegment`. */
  readonly lastBytes: number;
  /** Segments whose last frame was torn by a crash. */
  readonly torn: number;
}

export interface Until {
  /** Stop before this segment, which is still written to. */
  readonly segment?: number;
  /** Stop after this many transactions. */
  readonly sequence?: number;
}

/**
 * Reads the snapshot and replays everything that was committed since.
 * @param until where to stop
 * @throws UnreadableStoreError if anything is damaged, missing, or of a newer schema
 */
export async function recover(
  files: Files,
  path: string,
  key: Uint8Array,
  until: Until = {},
  schema = currentSchema,
): Promise<Recovered> {
  const { segment: before = Infinity, sequence: last = Infinity } = until;
  try {
    const snapshot = await readSnapshot(files, path, key);
    const numbers = listSegments(files, path).filter((number) => number < before);
    if (!snapshot) return await startFresh(files, path, key, numbers);
    schema.check(snapshot.sql);
    return replay(files, path, key, numbers, snapshot, { before, last });
  } catch (error) {
    // A lack of memory or rights says nothing about the store.
    if (error instanceof UnreadableStoreError || describeSystemError(error)) throw error;
    throw new UnreadableStoreError(path, error instanceof Error ? error.message : String(error), error);
  }
}

/** Starts without a snapshot: this is the first start, or an earlier one died before it wrote one. */
async function startFresh(
  files: Files,
  path: string,
  key: Uint8Array,
  numbers: readonly number[],
): Promise<Recovered> {
  const isUsed = (number: number): boolean => readSegment(files, path, key, number).frames.length > 0;
  // The first segment is removed only once a snapshot contains it.
  if ((numbers[0] ?? 1) !== 1 || numbers.some(isUsed)) {
    throw new Error('it is missing, but its journal is there');
  }
  return {
    sql: await openSql(null),
    snapshot: { generation: 1, sequence: 0 },
    snapshotBytes: 0,
    sequence: 0,
    nextSegment: 1,
    journalBytes: 0,
    lastBytes: 0,
    torn: 0,
  };
}

function replay(
  files: Files,
  path: string,
  key: Uint8Array,
  numbers: readonly number[],
  { sql, position, bytes }: NonNullable<Awaited<ReturnType<typeof readSnapshot>>>,
  { before, last }: { readonly before: number; readonly last: number },
): Recovered {
  const schema = schemaVersion(sql);
  let { sequence } = position;
  let lastSegment = position.generation - 1;
  let nextSegment = position.generation;
  let journalBytes = 0;
  let lastBytes = 0;
  let torn = 0;
  for (const number of numbers) {
    if (number < position.generation) continue;
    if (number !== lastSegment + 1) throw new Error(`segment ${lastSegment + 1} of its journal is missing`);
    lastSegment = number;
    const segment = readSegment(files, path, key, number);
    // A segment without frames may be left from a migration that did not finish.
    if (segment.schema !== schema && segment.frames.length > 0)
      throw new Error(`segment ${number} of its journal has another schema`);
    sql.run('BEGIN');
    for (const { firstSequence, transactions } of segment.frames) {
      if (sequence >= last) break;
      if (firstSequence !== sequence) throw new Error(`segment ${number} of its journal does not follow`);
      for (const commands of transactions) {
        for (const [statement, ...parameters] of commands) sql.run(statementText(statement), parameters);
      }
      sequence += transactions.length;
    }
    sql.run('COMMIT');
    journalBytes += segment.bytes;
    if (segment.torn) torn++;
    if (segment.torn || segment.bytes > 0) {
      nextSegment = number + 1;
      lastBytes = segment.bytes;
    }
  }
  // The segment is created before the snapshot that refers to it.
  if (lastSegment < position.generation && position.generation < before)
    throw new Error(`segment ${position.generation} of its journal is missing`);
  return {
    sql,
    snapshot: position,
    snapshotBytes: bytes,
    sequence,
    nextSegment,
    journalBytes,
    lastBytes,
    torn,
  };
}
