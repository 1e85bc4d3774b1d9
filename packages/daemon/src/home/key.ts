import { fromHex, toHex } from '@ocmesh/shared/ambient';
import { currentSchema } from '../adapters/store/sql/migrations/index.ts';
import { openSql } from '../adapters/store/sql/sql.ts';
import { createDatabase } from '../adapters/store/tables/database.ts';
import { createTables } from '../adapters/store/tables/index.ts';
import type { Home } from '../adapters/system/home.ts';
import { createHome } from './create-home.ts';
import { noIdentity, readDatabase } from './read-database.ts';

/** Returns the secret key of the home. The daemon may be running. */
export async function readSecretKey(home: Home): Promise<Uint8Array> {
  const sql = await openSql(await readDatabase(home));
  const stored = createTables(createDatabase(sql, () => {})).meta.get('secret_key');
  sql.close();
  if (stored === null) throw noIdentity(home);
  return fromHex(stored);
}

/**
 * Creates a home that has this identity and nothing else.
 * @param replace move an existing home aside
 * @returns where an existing home was moved; null if there was none
 */
export async function importSecretKey(
  home: Home,
  secretKey: Uint8Array,
  replace = false,
): Promise<string | null> {
  const makeImage = async (): Promise<Uint8Array> => {
    const sql = await openSql(null);
    currentSchema.migrate(sql);
    createTables(createDatabase(sql, () => {})).meta.set('secret_key', toHex(secretKey));
    const image = sql.image();
    sql.close();
    return image;
  };
  return createHome(home, makeImage, replace);
}
