import { closeSync, constants, existsSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';

const cannotWrite = (path: string, why: string, cause?: unknown): ExitError =>
  new ExitError(exitCodes.permanent, `${path} cannot be written: ${why}. Choose another file.`, cause);

/** @throws ExitError if the file exists */
export function checkIsNew(path: string): void {
  if (existsSync(path)) throw cannotWrite(path, 'it exists');
}

/** Writes a file that only the owner can read. @throws ExitError if it exists */
export function writeNewFile(path: string, content: string | Uint8Array): void {
  let file: number;
  try {
    file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw cannotWrite(path, exists ? 'it exists' : String(error), error);
  }
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
