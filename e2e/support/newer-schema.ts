import { realFiles } from '../../packages/daemon/src/adapters/store/engine/files.ts';
import { readSnapshot, writeSnapshot } from '../../packages/daemon/src/adapters/store/engine/snapshot.ts';
import { homeFiles } from '../../packages/daemon/src/adapters/system/home.ts';
import { readKeystore } from '../../packages/daemon/src/adapters/system/keystore.ts';

/** Sets the schema version of a home's store, as a future ocmesh would. */
export async function writeNewerSchema(path: string, schema: number): Promise<void> {
  const home = homeFiles(path);
  const key = readKeystore(home);
  const snapshot = await readSnapshot(realFiles, home.database, key);
  if (!snapshot) throw new Error(`${home.database} does not exist`);
  snapshot.sql.script(`PRAGMA user_version = ${schema}`);
  await writeSnapshot(realFiles, home.database, key, snapshot.sql, snapshot.position);
}
