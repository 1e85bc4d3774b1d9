import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, StartError } from './exit.ts';

/** The files of one agent. */
export interface Home {
  readonly path: string;
  readonly config: string;
  readonly database: string;
  readonly keystore: string;
  readonly keyFile: string;
  readonly daemonFile: string;
  readonly lockFile: string;
  readonly logFile: string;
}

export const homeFiles = (path: string): Home => ({
  path,
  config: join(path, 'config.json'),
  database: join(path, 'ocmesh.db'),
  keystore: join(path, 'keystore.json'),
  keyFile: join(path, 'ocmesh.key'),
  daemonFile: join(path, 'daemon.json'),
  lockFile: join(path, 'daemon.lock'),
  logFile: join(path, 'ocmesh.log'),
});

/** Makes the folder if it is missing (0700), and refuses one that others can enter. @throws StartError */
export function prepareHome(home: Home): void {
  try {
    mkdirSync(home.path, { recursive: true, mode: 0o700 });
    const stat = lstatSync(home.path);
    if (!stat.isDirectory()) throw new Error('it is not a folder');
    if ((stat.mode & 0o077) !== 0) throw new Error(`others may enter it; run: chmod 700 ${home.path}`);
  } catch (error) {
    throw new StartError(
      exitCodes.permanent,
      `The folder ${home.path} cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      error,
    );
  }
}
