import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';
import type { Home } from './home.ts';

/** Where a home was when its daemon started last. */
interface Place {
  readonly path: string;
  /** Device and inode of the folder: a move on one disk keeps them. */
  readonly device: string;
  readonly inode: string;
}

/**
 * Returns the path of the home that this one is a copy of, if that one is still where it was; else null. Two daemons that
 * use one identity each get every message, and other agents see only one of them.
 *
 * Without the original nothing tells a copy from a move: another disk, machine or container mount gives the folder other
 * numbers too.
 */
export function originalOf(home: Home): string | null {
  const here = placeOf(home.path);
  const written = readPlace(home);
  if (!written || !here || written.path === here.path || written.inode === here.inode) return null;
  const there = placeOf(written.path);
  const isThere = there?.inode === written.inode && there.device === written.device;
  return isThere && haveSameKey(home.path, written.path) ? written.path : null;
}

/** What a copy is told. @param original path of the other home */
export const copyFound = (original: string): string =>
  `This home is a copy of ${original}, with the same identity: a daemon on each gets every message, and other agents cannot tell them apart.`;
export const copyStep =
  'Use one of the two and remove the other. `ocmesh reset` gives this one a new identity.';

/** Writes down where the home is. Not to be called in a copy, which has to stay recognizable. */
export function rememberPlace(home: Home): void {
  const here = placeOf(home.path);
  const text = `${JSON.stringify(here)}\n`;
  if (!here || readText(home.placeFile) === text) return;
  try {
    writeFileAtomically(home.placeFile, text, 0o600);
  } catch {
    // A full disk must not prevent a start for this.
  }
}

function placeOf(path: string): Place | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return { path: realpathSync(path), device: `${dev}`, inode: `${ino}` };
  } catch {
    return null;
  }
}

function readPlace(home: Home): Place | null {
  try {
    const place = JSON.parse(readText(home.placeFile) ?? '') as Place | null;
    return typeof place?.path === 'string' ? place : null;
  } catch {
    return null;
  }
}

/** Whether two homes have the same keystore, which contains a random key. */
function haveSameKey(one: string, other: string): boolean {
  const key = readText(join(one, 'keystore.json'));
  return key !== null && key === readText(join(other, 'keystore.json'));
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
