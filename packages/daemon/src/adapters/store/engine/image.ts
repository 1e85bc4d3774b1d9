import { currentSchema } from '../sql/migrations/index.ts';
import { openSql } from '../sql/sql.ts';
import type { Files } from './files.ts';
import { createSegment } from './journal.ts';
import { recover, type Until } from './recover.ts';
import { writeSnapshot } from './snapshot.ts';

const TRIES = 5;

/**
 * Reads the whole database as one image, from the files of a store that may be in use. Writes nothing, and starts over
 * if a compaction removes files meanwhile.
 * @param until where to stop
 * @throws UnreadableStoreError
 */
export async function readImage(
  files: Files,
  path: string,
  key: Uint8Array,
  until: Until = {},
): Promise<Uint8Array> {
  for (let tries = 1; ; tries++) {
    try {
      const { sql } = await recover(files, path, key, until);
      const image = sql.image();
      sql.close();
      return image;
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

/** Creates a store with this image, where there is none. */
export async function createStoreFrom(
  files: Files,
  path: string,
  key: Uint8Array,
  image: Uint8Array,
): Promise<void> {
  const sql = await openSql(image);
  currentSchema.migrate(sql);
  // The segment is created before the snapshot that refers to it. It is never the first one: if the snapshot got lost,
  // that would look like a home that was never used.
  const generation = 2;
  const segment = await createSegment(files, path, key, generation, currentSchema.newest);
  segment.close();
  await writeSnapshot(files, path, key, sql, { generation, sequence: 0 });
  sql.close();
}
