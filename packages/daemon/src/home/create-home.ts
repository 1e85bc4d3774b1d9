import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { realFiles } from '../adapters/store/engine/files.ts';
import { createStoreFrom } from '../adapters/store/engine/image.ts';
import { type Home, prepareHome } from '../adapters/system/home.ts';
import { openKeystore } from '../adapters/system/keystore.ts';
import { checkIsMovable, discardUnfinished, installHome, moveAside } from './move-home.ts';
import { checkMayCreate, takeStoppedHome } from './preconditions.ts';
import { hasIdentity, unfinishedHome } from './unfinished-home.ts';

/**
 * Builds a home next to its final path and moves it there once it is complete. If it is interrupted while it moves, the
 * next start finishes it.
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
  checkIsMovable(home);
  const ownership = await takeStoppedHome(home);
  try {
    discardUnfinished(home);
    await build(unfinishedHome(home), makeImage);
    ownership.check();
    const moved = hasIdentity(home) ? moveAside(home) : null;
    await installHome(home, ownership);
    return moved;
  } finally {
    ownership.release();
  }
}

async function build(unfinished: Home, makeImage: () => Promise<Uint8Array>): Promise<void> {
  try {
    prepareHome(unfinished);
    await createStoreFrom(realFiles, unfinished.database, openKeystore(unfinished), await makeImage());
    await realFiles.syncFolder(dirname(unfinished.path));
  } catch (error) {
    rmSync(unfinished.path, { recursive: true, force: true });
    throw error;
  }
}
