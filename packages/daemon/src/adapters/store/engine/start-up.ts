import type { Log } from '@ocmesh/shared/ambient';
import { currentSchema, schemaVersion } from '../sql/migrations/index.ts';
import type { Sql } from '../sql/sql.ts';
import type { Files } from './files.ts';
import {
  createSegment,
  listSegments,
  readSegment,
  removeSegments,
  removeUnfinished,
  type Segment,
  segmentPath,
  settleSegment,
} from './journal.ts';
import { recover } from './recover.ts';
import { writeSnapshot } from './snapshot.ts';

export interface StartedUp {
  readonly sql: Sql;
  readonly sequence: number;
  /** A new segment: an old one is never appended to. */
  readonly segment: Segment;
  readonly snapshotBytes: number;
  readonly generation: number;
  /** Bytes of frames in the older segments. */
  readonly journalBytes: number;
}

/** Recovers the store, migrates an old schema, and creates the segment of this run. @throws UnreadableStoreError */
export async function startUp(
  files: Files,
  path: string,
  key: Uint8Array,
  log: Log,
  schema = currentSchema,
): Promise<StartedUp> {
  const recovered = await recover(files, path, key, {}, schema);
  removeUnfinished(files, path);
  const { sql, sequence, nextSegment, journalBytes, lastBytes, torn } = recovered;
  let { generation } = recovered.snapshot;
  let { snapshotBytes } = recovered;
  if (torn > 0) log.info('dropped the last write before a crash, which was incomplete', { segments: torn });
  if (nextSegment > generation) {
    const last = nextSegment - 1;
    await settleSegment(files, path, last);
    // A process that lost the store may have appended a frame meanwhile. Now it cannot: its file has no name any more.
    if (readSegment(files, path, key, last).bytes !== lastBytes) {
      sql.close();
      return startUp(files, path, key, log, schema);
    }
  }
  const oldVersion = schemaVersion(sql);
  const migrated = schema.migrate(sql);
  const segment = await createSegment(files, path, key, nextSegment, schema.newest);
  if (migrated) {
    if (oldVersion > 0) keepOldFiles(files, path, oldVersion);
    snapshotBytes = await writeSnapshot(files, path, key, sql, { generation: segment.number, sequence });
    generation = segment.number;
  }
  removeSegments(files, path, generation);
  // Left without frames by compactions that failed: the next one would find the name of its segment taken.
  for (const number of listSegments(files, path))
    if (number > segment.number) files.remove(segmentPath(path, number));
  return { sql, sequence, segment, snapshotBytes, generation, journalBytes: migrated ? 0 : journalBytes };
}

/** Links the files of the old schema under other names, so that a downgrade remains possible. */
function keepOldFiles(files: Files, path: string, schema: number): void {
  const old = `${path}.schema-${schema}`;
  for (const number of listSegments(files, path)) {
    files.remove(segmentPath(old, number));
    files.link(segmentPath(path, number), segmentPath(old, number));
  }
  files.remove(old);
  files.link(path, old);
}
