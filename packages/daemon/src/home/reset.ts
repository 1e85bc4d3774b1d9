import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { Home } from '../adapters/system/home.ts';
import { checkNotRunning } from './preconditions.ts';

/** Moves the home aside, so that the next start creates a new identity. @returns its new path */
export async function reset(home: Home): Promise<string> {
  if (!existsSync(home.path)) {
    throw new ExitError(
      exitCodes.permanent,
      `There is nothing at ${home.path}. Set OCMESH_HOME if the agent is elsewhere.`,
    );
  }
  await checkNotRunning(home);
  // Numbered, not dated: nothing here needs to know the time.
  let number = 1;
  while (existsSync(`${home.path}.old-${number}`)) number++;
  const aside = `${home.path}.old-${number}`;
  renameSync(home.path, aside);
  // The installed program does not belong to the identity: a service that runs it continues with the next one.
  const app = join(aside, 'app');
  if (existsSync(app)) {
    mkdirSync(home.path, { mode: 0o700 });
    renameSync(app, join(home.path, 'app'));
  }
  return aside;
}
