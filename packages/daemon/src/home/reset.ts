import { existsSync } from 'node:fs';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { Home } from '../adapters/system/home.ts';
import { bringShared, checkIsMovable, moveAside } from './move-home.ts';
import { takeStoppedHome } from './preconditions.ts';
import { hasIdentity, isInterrupted, unfinishedHome } from './unfinished-home.ts';

/**
 * Moves the home aside, so that the next start creates a new identity; with it what an interrupted restore left.
 * @returns its new path
 */
export async function reset(home: Home): Promise<string> {
  const unfinished = unfinishedHome(home);
  const wasInterrupted = isInterrupted(home);
  if (!existsSync(home.path) && !wasInterrupted) {
    throw new ExitError(
      exitCodes.permanent,
      `There is nothing at ${home.path}. Set OCMESH_HOME if the agent is elsewhere.`,
    );
  }
  checkIsMovable(home);
  const ownership = await takeStoppedHome(home);
  try {
    const unfinishedAside = hasIdentity(unfinished) ? moveAside(home, unfinished.path) : null;
    const aside = moveAside(home);
    bringShared(home, home.path);
    return wasInterrupted && unfinishedAside !== null ? unfinishedAside : aside;
  } finally {
    ownership.release();
  }
}
