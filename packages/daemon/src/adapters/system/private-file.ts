import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { ExitError, exitCodes } from './exit.ts';

/** The bits of a mode that let others in. */
export const othersBits = 0o077;

/** @throws ExitError when others may read it, or the system's error */
export function readPrivate(path: string): Buffer {
  // NONBLOCK: a pipe in the file's place must not hold us up.
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if ((fstatSync(file).mode & othersBits) !== 0) {
      throw new ExitError(exitCodes.permanent, `Others may read ${path}. Run: chmod 600 ${path}.`);
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Whole or not at all: the name comes when the content is on disk. */
export function writePrivate(path: string, text: string): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeFileSync(file, `${text}\n`);
    fsyncSync(file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}
