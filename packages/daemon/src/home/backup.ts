import { readFileSync } from 'node:fs';
import { openBackup, sealBackup } from '../adapters/store/engine/backup-file.ts';
import { ExitError, exitCodes } from '../adapters/system/exit.ts';
import type { Home } from '../adapters/system/home.ts';
import { createHome } from './create-home.ts';
import { writeNewFile } from './new-file.ts';
import { readDatabase } from './read-database.ts';
import { withoutCursors } from './without-cursors.ts';

/** Writes identity, peers and messages to one encrypted file. The daemon may be running. @returns its size in bytes */
export async function backUp(home: Home, path: string, passphrase: string): Promise<number> {
  const sealed = await sealBackup(await readDatabase(home), passphrase);
  writeNewFile(path, sealed);
  return sealed.length;
}

/**
 * Creates a home from a backup.
 * @param replace move an existing home aside
 * @returns where an existing home was moved; null if there was none
 */
export async function restore(
  home: Home,
  path: string,
  passphrase: string,
  replace: boolean,
): Promise<string | null> {
  let image: Buffer | null;
  try {
    image = await openBackup(readFileSync(path), passphrase);
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw cannotRestore(path, `${why}. Choose another file.`, error);
  }
  if (!image) {
    throw cannotRestore(
      path,
      'the passphrase is wrong, or the file is damaged. Try another passphrase or backup.',
    );
  }
  const content = image;
  return createHome(home, () => withoutCursors(content), replace);
}

const cannotRestore = (path: string, why: string, cause?: unknown): ExitError =>
  new ExitError(exitCodes.permanent, `${path} cannot be restored: ${why}`, cause);
