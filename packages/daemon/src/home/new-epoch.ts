import { randomBytes } from 'node:crypto';
import { openSql } from '../adapters/store/sql/sql.ts';
import { createDatabase } from '../adapters/store/tables/database.ts';
import { createTables } from '../adapters/store/tables/index.ts';

const EPOCH_BYTES = 4;

/**
 * Returns the database with a new epoch: positions are given anew after a restore, so a cursor from before it would skip
 * messages, or wait for one that is long there.
 */
export async function withNewEpoch(image: Uint8Array): Promise<Uint8Array> {
  const sql = await openSql(image);
  try {
    const { meta } = createTables(createDatabase(sql, () => {}));
    meta.set('cursor_epoch', randomBytes(EPOCH_BYTES).toString('hex'));
    return sql.image();
  } finally {
    sql.close();
  }
}
