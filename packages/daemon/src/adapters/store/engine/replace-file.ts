import { dirname } from 'node:path';
import type { Files, OpenFile } from './files.ts';

const unfinished = (path: string): string => `${path}.new`;

/** Writes a file under a temporary name next to its path. Resolves with it, still open, when its content is on disk. */
export async function prepareFile(
  files: Files,
  path: string,
  write: (file: OpenFile) => void,
): Promise<OpenFile> {
  files.remove(unfinished(path));
  const file = files.create(unfinished(path));
  try {
    write(file);
    await file.sync();
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Gives a prepared file its name: after a crash it is the old one or the new one. Resolves when that is on disk. */
export async function installFile(files: Files, path: string): Promise<void> {
  files.rename(unfinished(path), path);
  await files.syncFolder(dirname(path));
}

/**
 * Creates or replaces a file: after a crash it is the old one or the new one.
 * @returns the file, still open, once it is on disk under its name
 */
export async function createComplete(
  files: Files,
  path: string,
  write: (file: OpenFile) => void,
): Promise<OpenFile> {
  const file = await prepareFile(files, path, write);
  try {
    await installFile(files, path);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Creates or replaces a file with these bytes. Resolves when it is on disk. */
export async function replaceFile(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const file = await createComplete(files, path, (created) => created.write(bytes, 0));
  file.close();
}
