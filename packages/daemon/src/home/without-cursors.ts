import { openSql } from '../adapters/store/sql/sql.ts';
import { createDatabase } from '../adapters/store/tables/database.ts';
import { createTables } from '../adapters/store/tables/index.ts';

/**
 * Returns the database without the runs whose cursors work: positions are given anew after a restore, so a cursor from before
 * it would skip messages, or wait for one that is long there.
 */
export async function withoutCursors(image: Uint8Array): Promise<Uint8Array> {
  const sql = await openSql(image);
  try {
    createTables(createDatabase(sql, () => {})).meta.set('cursor_runs', '[]');
    return sql.image();
  } finally {
    sql.close();
  }
}
