import { openSql, type Sql } from '../sql/sql.ts';
import type { Files } from './files.ts';
import { replaceFile } from './replace-file.ts';
import { decryptImage, encryptImage } from './sqlcipher.ts';

/** Which part of the journal a snapshot holds already. */
export interface SnapshotPosition {
  /** Number of the first segment that is not in it. */
  readonly generation: number;
  /** Transactions that are in it. */
  readonly sequence: number;
}

/**
 * Replaces the snapshot: after a crash it is the old one or the new one. Resolves when it is on disk.
 * The position goes into the database itself, so that it cannot be swapped apart from what it describes.
 */
export async function writeSnapshot(
  files: Files,
  path: string,
  key: Uint8Array,
  sql: Sql,
  { generation, sequence }: SnapshotPosition,
): Promise<number> {
  sql.run('DELETE FROM snapshot');
  sql.run('INSERT INTO snapshot(generation, sequence) VALUES(?, ?)', [generation, sequence]);
  const sealed = encryptImage(sql.image(), key);
  await replaceFile(files, path, sealed);
  return sealed.length;
}

/** null when there is none. Throws when it is damaged or sealed with another key. */
export async function readSnapshot(
  files: Files,
  path: string,
  key: Uint8Array,
): Promise<{ sql: Sql; position: SnapshotPosition; bytes: number } | null> {
  const sealed = files.read(path);
  if (!sealed) return null;
  const sql = await openSql(decryptImage(sealed, key));
  const row = sql.one('SELECT generation, sequence FROM snapshot');
  if (!row) throw new Error('it holds no position');
  const [generation, sequence] = row as [number, number];
  return { sql, position: { generation, sequence }, bytes: sealed.length };
}
