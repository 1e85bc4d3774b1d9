import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { realFiles } from '../adapters/store/engine/files.ts';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import { type Home, makeFolder } from '../adapters/system/home.ts';
import type { Ownership } from '../adapters/system/ownership.ts';
import { errnoOf } from '../node/errno.ts';
import { homesAside, unfinishedHome } from './unfinished-home.ts';

// Moves of whole homes. Each step leaves a state from which `finishRestore` continues, as the process may be killed
// between any two.

/**
 * The installed program and the events of the embedded relay do not belong to the identity. A service that runs the
 * program continues with the next one.
 */
const SHARED = ['clients', 'app', 'relay'];
const LOCK = 'daemon.lock';

/** Moves a home that we own aside. @param folder what to move: the home or its unfinished successor. @returns its new path */
export function moveAside(home: Home, folder = home.path): string {
  const { next } = homesAside(home);
  rename(folder, next);
  rmSync(join(next, LOCK), { force: true });
  return next;
}

/** Moves what does not belong to the identity from a home that was moved aside into this folder, if it is still there. */
export function bringShared(home: Home, folder: string): void {
  for (const name of SHARED) {
    if (existsSync(join(home.path, name)) || existsSync(join(folder, name))) continue;
    const left = homesAside(home).used.findLast((aside) => existsSync(join(aside, name)));
    if (left === undefined) continue;
    makeFolder(folder);
    renameSync(join(left, name), join(folder, name));
  }
}

/** Moves the finished new home to its path. What is there, settings and logs of a folder without identity, is kept. */
export async function installHome(home: Home, ownership: Ownership): Promise<void> {
  const unfinished = unfinishedHome(home);
  bringShared(home, unfinished.path);
  if (existsSync(home.path)) moveFiles(home.path, unfinished.path, () => true);
  // Not earlier: until here no daemon may start. One that starts now finds that there is something to finish.
  ownership.release();
  if (lstatSync(home.path, { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(home.path);
  rename(unfinished.path, home.path);
  await realFiles.syncFolder(dirname(home.path));
}

/** Removes what an interrupted restore built. What it had moved there from the home goes back. */
export function discardUnfinished(home: Home): void {
  const { path } = unfinishedHome(home);
  if (!existsSync(path)) return;
  const isBuilt = /^(ocmesh\.db|ocmesh\.key$|keystore\.json)/;
  moveFiles(path, home.path, (name) => !isBuilt.test(name));
  rmSync(path, { recursive: true, force: true });
}

/** Moves files into another folder. One whose name is taken there is kept under another: it may be a key. */
function moveFiles(from: string, to: string, isMoved: (name: string) => boolean): void {
  const names = readdirSync(from).filter((name) => name !== LOCK && isMoved(name));
  if (names.length > 0) makeFolder(to);
  for (const name of names) {
    let target = join(to, name);
    while (existsSync(target)) target += '.before';
    rename(join(from, name), target);
  }
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (['ENOTEMPTY', 'EEXIST'].includes(code)) {
      throw new ExitError(exitCodes.tryAgain, `Another process uses ${to} at this moment. Try again.`, error);
    }
    if (['EBUSY', 'EXDEV'].includes(code)) throw isMountPoint(code === 'EBUSY' ? from : to, error);
    throw error;
  }
}

/** @throws ExitError if the folder of the home is a mount point, as in a container whose volume it is */
export function checkIsMovable({ path }: Home): void {
  const folder = lstatSync(path, { throwIfNoEntry: false });
  if (!folder?.isDirectory()) return;
  if (folder.dev !== lstatSync(dirname(path)).dev || mountPoints().includes(realpathSync(path)))
    throw isMountPoint(path);
}

/** Returns every mount point, if the system shows them: a folder of the same disk can be mounted too (proc_pid_mountinfo(5)). */
function mountPoints(): string[] {
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    return lines.map((line) => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '));
  } catch {
    return [];
  }
}

const isMountPoint = (path: string, cause?: unknown): ExitError =>
  new ExitError(
    exitCodes.permanent,
    `${path} is a mount point, which cannot be moved. Set OCMESH_HOME to a folder inside it.`,
    cause,
  );
