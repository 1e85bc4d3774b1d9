import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { shellQuoted } from '@ocmesh/shared/text';
import { errnoOf } from '../../node/errno.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { ExitError, exitCodes } from './exit.ts';

/** The bits of a file mode that give others access. */
export const othersBits = 0o077;

/** Reads a file that only its owner may read. @throws ExitError if others may read it too, or the system's error */
export function readPrivate(path: string): Buffer {
  // NONBLOCK: opening a named pipe would block.
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if ((fstatSync(file).mode & othersBits) !== 0) {
      throw new ExitError(
        exitCodes.permanent,
        `Others may read ${path}. Run \`chmod 600 ${shellQuoted(path)}\`.`,
      );
    }
    return readFileSync(file);
  } catch (error) {
    // An error of reading an open file does not name it.
    throw errnoOf(error) === undefined ? error : Object.assign(error as Error, { path });
  } finally {
    closeSync(file);
  }
}

/** Creates or replaces a file that only its owner may read. */
export const writePrivate = (path: string, text: string): void =>
  writeFileAtomically(path, `${text}\n`, 0o600);
