import { existsSync, readdirSync } from 'node:fs';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { Home } from '../adapters/system/home.ts';
import { lockHolder, takeLock } from '../adapters/system/lock.ts';

/** @throws ExitError if the daemon of the home is running */
export function checkNotRunning(home: Home): void {
  const holder = lockHolder(home.lockFile);
  if (holder?.alive) {
    throw new ExitError(
      exitCodes.permanent,
      `The daemon of ${home.path} (pid ${holder.pid}) is running. Stop it first: with Ctrl-C where it was started, or with \`ocmesh service stop\`.`,
    );
  }
  takeLock(home.lockFile)();
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
