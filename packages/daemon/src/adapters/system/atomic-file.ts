import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Makes something under a temporary name, then renames it: `path` leads to the old one or the new one, never to a part.
 * @param make has to put its content on disk, so that a power cut cannot leave an empty file under the name
 */
export function replaceAtomically(path: string, make: (unfinished: string) => void): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  try {
    make(unfinished);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Creates or replaces a file. @param mode its permissions, whatever the umask */
export function writeFileAtomically(path: string, text: string, mode: number): void {
  replaceAtomically(path, (unfinished) => writeToDisk(unfinished, text, mode));
}

/**
 * Puts a new content for a file on disk, under another name.
 * @param suffix of that name; each writer has its own
 * @returns a function that gives it the file's name, which is quick
 */
export function prepareFile(
  path: string,
  text: string,
  { mode, suffix }: { readonly mode: number; readonly suffix: string },
): () => void {
  const prepared = `${path}.${suffix}`;
  rmSync(prepared, { force: true });
  writeToDisk(prepared, text, mode);
  return () => renameSync(prepared, path);
}

function writeToDisk(path: string, text: string, mode: number): void {
  const file = openSync(path, 'wx', mode);
  try {
    fchmodSync(file, mode);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
