import { lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ExitError, exitCodes } from './exit.ts';
import { othersBits } from './private-file.ts';

/** Paths of everything that belongs to one agent. */
export interface Home {
  readonly path: string;
  readonly config: string;
  readonly database: string;
  readonly keystore: string;
  readonly keyFile: string;
  readonly tokenFile: string;
  readonly daemonFile: string;
  readonly lockFile: string;
  readonly logFile: string;
  readonly logArchive: string;
}

export const homeFiles = (path: string): Home => ({
  path,
  config: join(path, 'config.json'),
  database: join(path, 'ocmesh.db'),
  keystore: join(path, 'keystore.json'),
  keyFile: join(path, 'ocmesh.key'),
  tokenFile: join(path, 'token'),
  daemonFile: join(path, 'daemon.json'),
  lockFile: join(path, 'daemon.lock'),
  logFile: join(path, 'ocmesh.log'),
  logArchive: join(path, 'logs'),
});

/**
 * Creates the folder if it is missing (0700). Refuses a folder that others can enter, and files that others can read,
 * that belong to another user, or that are links: other users could read or change our data.
 * @throws ExitError with the path and the command that helps
 */
export function prepareHome(home: Home): void {
  try {
    mkdirSync(home.path, { recursive: true, mode: 0o700 });
    const folder = statSync(home.path);
    if (!folder.isDirectory()) throw refuse(`${home.path} is not a folder. Set OCMESH_HOME to one`);
    checkOwner(home.path, folder);
    if ((folder.mode & othersBits) !== 0)
      throw refuse(`Others may enter ${home.path}. Run: chmod 700 ${home.path}`);
    for (const name of readdirSync(home.path)) if (isSecret(name)) checkFile(join(home.path, name));
  } catch (error) {
    if (error instanceof ExitError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(`The folder ${home.path} cannot be used: ${why}`, error);
  }
}

/** Whether a file of this name gives its reader the agent's identity, or the owner's rights. */
export const isSecret = (name: string): boolean =>
  /^(ocmesh\.db|ocmesh\.key|keystore\.json|token$)/.test(name);

function checkFile(path: string): void {
  const file = lstatSync(path);
  if (file.isSymbolicLink()) throw refuse(`${path} is a symbolic link. Replace it with the file itself`);
  checkOwner(path, file);
  if ((file.mode & othersBits) !== 0) throw refuse(`Others may read ${path}. Run: chmod 600 ${path}`);
}

function checkOwner(path: string, { uid }: { uid: number }): void {
  if (process.getuid && uid !== process.getuid())
    throw refuse(`${path} belongs to another user. Run: sudo chown -R "$(id -un)" ${path}`);
}

const refuse = (why: string, cause?: unknown): ExitError =>
  new ExitError(exitCodes.permanent, `${why}.`, cause);
