import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { Home } from '../adapters/system/home.ts';
import { bringShared, installHome } from './move-home.ts';
import { takeHome } from './preconditions.ts';
import { readDatabase } from './read-database.ts';
import { isInterrupted, unfinishedHome } from './unfinished-home.ts';

/**
 * Finishes a restore, key import or reset that was interrupted while it moved the home. To be called before each start,
 * which would else create a new identity next to one that is whole.
 * @returns whether a restore or key import was finished
 * @throws ExitError if it was interrupted before the new home was complete
 */
export async function finishRestore(home: Home): Promise<boolean> {
  if (!isInterrupted(home)) {
    bringShared(home, home.path);
    return false;
  }
  const unfinished = unfinishedHome(home);
  try {
    await readDatabase(unfinished);
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    throw new ExitError(
      exitCodes.permanent,
      `A restore or key import did not finish: ${unfinished.path} is incomplete. Run it again, or remove that folder to start with a new identity.`,
      error,
    );
  }
  const ownership = await takeHome(home);
  try {
    // Another start may have finished it meanwhile.
    if (isInterrupted(home)) await installHome(home, ownership);
    return true;
  } finally {
    ownership.release();
  }
}
