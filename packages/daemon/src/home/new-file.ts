import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { ExitError, exitCodes, toExitError } from '../adapters/system/exit.ts';

const cannotWrite = (path: string, why: string, cause?: unknown): ExitError =>
  new ExitError(exitCodes.permanent, `${path} cannot be written: ${why}. Choose another file.`, cause);

/** @throws ExitError if the file exists */
export function checkIsNew(path: string): void {
  if (existsSync(path)) throw cannotWrite(path, 'it exists');
}

/**
 * Writes a file that only the owner can read. It gets its name when it is complete: a part of a backup looks like one.
 * @throws ExitError if it exists
 */
export function writeNewFile(path: string, content: string | Uint8Array): void {
  checkIsNew(path);
  const unfinished = `${path}.unfinished`;
  try {
    rmSync(unfinished, { force: true });
    const file = openSync(unfinished, 'wx', 0o600);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    checkIsNew(path);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw toExitError(error) ?? error;
  }
}
