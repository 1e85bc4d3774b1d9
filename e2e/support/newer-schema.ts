import { realFiles } from '../../packages/daemon/src/adapters/store/engine/files.ts';
import { readSnapshot, writeSnapshot } from '../../packages/daemon/src/adapters/store/engine/snapshot.ts';
import { homeFiles } from '../../packages/daemon/src/adapters/system/home.ts';
import { readKeystore } from '../../packages/daemon/src/adapters/system/keystore.ts';

/** Leaves the store of a home as an ocmesh of the future would. */
export async function writeNewerSchema(path: string, schema: number): Promise<void> {
  const home = homeFiles(path);
  const key = readKeystore(home);
  const snapshot = await readSnapshot(realFiles, home.database, key);
  if (!snapshot) throw new Error(`${home.database} is not there`);
  snapshot.sql.script(`PRAGMA user_version = ${schema}`);
  await writeSnapshot(realFiles, home.database, key, snapshot.sql, snapshot.position);
}
