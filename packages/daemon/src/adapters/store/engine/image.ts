import { currentSchema } from '../sql/migrations/index.ts';
import { openSql } from '../sql/sql.ts';
import type { Files } from './files.ts';
import { createSegment } from './journal.ts';
import { recover } from './recover.ts';
import { writeSnapshot } from './snapshot.ts';

const TRIES = 5;

/**
 * The whole database as one image, from the files of a store that may be in use: nothing is written, and when a
 * compaction takes the files away in the middle, it starts over.
 * @throws UnreadableStoreError
 */
export async function readImage(files: Files, path: string, key: Uint8Array): Promise<Uint8Array> {
  for (let tries = 1; ; tries++) {
    try {
      const { sql } = await recover(files, path, key);
      const image = sql.image();
      sql.close();
      return image;
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

/** Makes a store that holds this image, where there is none. */
export async function createStoreFrom(
  files: Files,
  path: string,
  key: Uint8Array,
  image: Uint8Array,
): Promise<void> {
  const sql = await openSql(image);
  currentSchema.migrate(sql);
  // The segment is made before the snapshot that names it. Never the first: should the snapshot vanish, that would look
  // like a home that was never used.
  const generation = 2;
  const segment = await createSegment(files, path, key, generation, currentSchema.newest);
  segment.close();
  await writeSnapshot(files, path, key, sql, { generation, sequence: 0 });
  sql.close();
}
