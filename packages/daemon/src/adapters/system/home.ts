import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellQuoted } from '@ocmesh/shared/text';
import { errnoOf } from '../../node/errno.ts';
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
  readonly placeFile: string;
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
  placeFile: join(path, 'place.json'),
  logFile: join(path, 'ocmesh.log'),
  logArchive: join(path, 'logs'),
});

/** A file that others could access until a start closed it to them. */
export interface Tightened {
  readonly path: string;
  /** The permissions that it had, like `660`. */
  readonly mode: string;
}

/**
 * Creates the folder if it is missing (0700). What belongs to us and is open to others, as Kubernetes' fsGroup leaves a
 * volume at each mount, is closed to them. Refuses what belongs to another user, links, and a folder that others can enter
 * and that is no home: it may be meant for them.
 * @returns what was closed to others
 * @throws ExitError with the path and the command that helps
 */
export function prepareHome(home: Home): Tightened[] {
  makeFolder(home.path);
  const folder = statSync(home.path);
  if (!folder.isDirectory()) throw refuse(`${home.path} is not a folder. Set OCMESH_HOME to one`);
  checkOwner(home.path, folder);
  const names = readdirSync(home.path);
  const isHome = names.some(isSecret) || names.every(isOurs);
  if (isOpen(folder) && !isHome)
    throw refuse(`Others may enter ${home.path}. Run \`chmod 700 ${shellQuoted(home.path)}\``);
  const tightened = tighten(home.path, folder, 0o700);
  for (const path of names.filter(isSecret).map((name) => join(home.path, name))) {
    const file = lstatSync(path);
    if (file.isSymbolicLink()) throw refuse(`${path} is a symbolic link. Replace it with the file itself`);
    checkOwner(path, file);
    tightened.push(...tighten(path, file, 0o600));
  }
  return tightened;
}

/** Creates a folder for us alone, and those above it that are missing. Node's own way never returns in `/proc`. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/** Whether a file of this name may be there before the first start. */
const isOurs = (name: string): boolean =>
  /^(config\.json|relay|app|cache|clients|watch|logs|ocmesh\.log|daemon\.lock|lost\+found)$/.test(name);

/** Whether a file of this name gives its reader the agent's identity, or the owner's rights. */
export const isSecret = (name: string): boolean =>
  /^(ocmesh\.db|ocmesh\.key|keystore\.json|token$)/.test(name);

const isOpen = ({ mode }: Stats): boolean => (mode & othersBits) !== 0;

function tighten(path: string, stats: Stats, mode: number): Tightened[] {
  if (!isOpen(stats)) return [];
  chmodSync(path, mode);
  if (isOpen(lstatSync(path)))
    throw refuse(
      `Others may read ${path}, and its file system keeps no permissions. Set OCMESH_HOME to a folder elsewhere`,
    );
  return [{ path, mode: (stats.mode & 0o777).toString(8).padStart(3, '0') }];
}

function checkOwner(path: string, { uid }: Stats): void {
  if (process.getuid && uid !== process.getuid())
    throw refuse(
      `${path} belongs to another user. Run \`sudo chown -R "$(id -u)" ${shellQuoted(path)}\`, or set OCMESH_HOME to a new folder`,
    );
}

const refuse = (why: string): ExitError => new ExitError(exitCodes.permanent, `${why}.`);
