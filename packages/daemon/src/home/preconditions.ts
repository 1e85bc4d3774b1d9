import { existsSync, readdirSync } from 'node:fs';
import { createSystemClock } from '../adapters/system/clock.ts';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { Home } from '../adapters/system/home.ts';
import { findOwner, takeOwnership } from '../adapters/system/ownership.ts';
import { createSystemRandom } from '../adapters/system/random.ts';

/** @throws ExitError if the daemon of the home is running */
export async function checkNotRunning(home: Home): Promise<void> {
  const clock = createSystemClock();
  const owner = await findOwner(home.lockFile, clock);
  if (owner?.isRunning) {
    throw new ExitError(
      exitCodes.permanent,
      `The daemon of ${home.path} (pid ${owner.pid}) is running. Stop it first: with Ctrl-C where it was started, or with \`ocmesh service stop\`.`,
    );
  }
  const ownership = await takeOwnership(home.lockFile, { clock, random: createSystemRandom() });
  ownership.release();
}

export const hasIdentity = (home: Home): boolean =>
  existsSync(home.path) &&
  readdirSync(home.path).some((name) => name.startsWith('ocmesh.db') || name === 'keystore.json');

/** @throws ExitError if the home has an identity and may not be replaced */
export function checkMayCreate(home: Home, replace: boolean): void {
  if (replace || !hasIdentity(home)) return;
  throw new ExitError(
    exitCodes.permanent,
    `There is already an identity in ${home.path}. Use --replace to move it aside.`,
  );
}
