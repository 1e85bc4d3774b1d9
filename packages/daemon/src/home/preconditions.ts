import { createSystemClock } from '../adapters/system/clock.ts';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import { type Home, makeFolder } from '../adapters/system/home.ts';
import { findOwner, type Ownership, takeOwnership } from '../adapters/system/ownership.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { hasIdentity } from './unfinished-home.ts';

/** Takes the home, and creates its folder if it is missing, so that no daemon starts on it meanwhile. */
export function takeHome(home: Home): Promise<Ownership> {
  makeFolder(home.path);
  return takeOwnership(home.lockFile, { clock: createSystemClock(), random: createSystemRandom() });
}

/** Takes the home for an operation that needs its daemon stopped. @throws ExitError if it is running */
export async function takeStoppedHome(home: Home): Promise<Ownership> {
  const owner = await findOwner(home.lockFile, createSystemClock());
  if (owner?.isRunning) {
    throw new ExitError(
      exitCodes.permanent,
      `The daemon of ${home.path} (pid ${owner.pid}) is running. Stop it first: with Ctrl-C where it was started, or with \`ocmesh service stop\`.`,
    );
  }
  return takeHome(home);
}

/** @throws ExitError if the home has an identity and may not be replaced */
export function checkMayCreate(home: Home, replace: boolean): void {
  if (replace || !hasIdentity(home)) return;
  throw new ExitError(
    exitCodes.permanent,
    `There is already an identity in ${home.path}. Use --replace to move it aside.`,
  );
}
