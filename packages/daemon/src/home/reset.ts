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
  // Neither the installed program nor the events of the embedded relay belong to the identity. A service that runs the
  // program continues with the next one.
  for (const name of ['app', 'relay']) {
    if (!existsSync(join(aside, name))) continue;
    mkdirSync(home.path, { recursive: true, mode: 0o700 });
    renameSync(join(aside, name), join(home.path, name));
  }
  return aside;
}
