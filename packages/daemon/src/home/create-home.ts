import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { realFiles } from '../adapters/store/engine/files.ts';
import { createStoreFrom } from '../adapters/store/engine/image.ts';
import { type Home, homeFiles, prepareHome } from '../adapters/system/home.ts';
import { openKeystore } from '../adapters/system/keystore.ts';
import { checkMayCreate, checkNotRunning, hasIdentity } from './preconditions.ts';
import { reset } from './reset.ts';

/**
 * Builds a home next to its final path and moves it there once it is complete.
 * @param makeImage returns the database that the new home starts with
 * @param replace move an existing home aside
 * @returns where an existing home was moved; null if there was none
 */
export async function createHome(
  home: Home,
  makeImage: () => Promise<Uint8Array>,
  replace: boolean,
): Promise<string | null> {
  checkMayCreate(home, replace);
  const unfinished = homeFiles(`${home.path}.new`);
  rmSync(unfinished.path, { recursive: true, force: true });
  try {
    prepareHome(unfinished);
    await createStoreFrom(realFiles, unfinished.database, openKeystore(unfinished), await makeImage());
    const moved = hasIdentity(home) ? await reset(home) : null;
    if (existsSync(home.path)) await keepOtherFiles(home, unfinished);
    renameSync(unfinished.path, home.path);
    return moved;
  } catch (error) {
    rmSync(unfinished.path, { recursive: true, force: true });
    throw error;
  }
}

/** Keeps the settings and logs of a folder that has no identity. */
async function keepOtherFiles(home: Home, unfinished: Home): Promise<void> {
  await checkNotRunning(home);
  for (const name of readdirSync(home.path)) renameSync(join(home.path, name), join(unfinished.path, name));
  rmdirSync(home.path);
}
