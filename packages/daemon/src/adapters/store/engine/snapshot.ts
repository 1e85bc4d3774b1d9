import { openSql, type Sql } from '../sql/sql.ts';
import type { Files } from './files.ts';
import { installFile, prepareFile } from './replace-file.ts';
import { decryptImage, encryptImage } from './sqlcipher.ts';

/** The part of the journal that a snapshot contains. */
export interface SnapshotPosition {
  /** Number of the first segment that is not in the snapshot. */
  readonly generation: number;
  /** Number of transactions in the snapshot. */
  readonly sequence: number;
}

/**
 * Writes a new snapshot next to the current one. Resolves with its bytes when it is on disk; `installFile` then replaces the
 * current one. The position is stored in the database itself, so that the two cannot be mixed up.
 */
export async function prepareSnapshot(
  files: Files,
  path: string,
  key: Uint8Array,
  sql: Sql,
  { generation, sequence }: SnapshotPosition,
): Promise<number> {
  sql.run('DELETE FROM snapshot');
  sql.run('INSERT INTO snapshot(generation, sequence) VALUES(?, ?)', [generation, sequence]);
  const sealed = encryptImage(sql.image(), key);
  const file = await prepareFile(files, path, (created) => created.write(sealed, 0));
  file.close();
  return sealed.length;
}

/** Replaces the snapshot: after a crash it is the old one or the new one. Resolves with its bytes when it is on disk. */
export async function writeSnapshot(...snapshot: Parameters<typeof prepareSnapshot>): Promise<number> {
  const bytes = await prepareSnapshot(...snapshot);
  const [files, path] = snapshot;
  await installFile(files, path);
  return bytes;
}

/** Reads the snapshot; null if there is none. @throws if it is damaged or was encrypted with another key */
export async function readSnapshot(
  files: Files,
  path: string,
  key: Uint8Array,
): Promise<{ sql: Sql; position: SnapshotPosition; bytes: number } | null> {
  const sealed = files.read(path);
  if (!sealed) return null;
  const sql = await openSql(decryptImage(sealed, key));
  const row = sql.one('SELECT generation, sequence FROM snapshot');
  if (!row) throw new Error('it contains no position');
  const [generation, sequence] = row as [number, number];
  return { sql, position: { generation, sequence }, bytes: sealed.length };
}
