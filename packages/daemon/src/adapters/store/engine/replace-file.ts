import { dirname } from 'node:path';
import type { Files, OpenFile } from './files.ts';

/**
 * Creates or replaces a file: after a crash it is the old one or the new one.
 * @returns the file, still open, once it is on disk under its name
 */
export async function createComplete(
  files: Files,
  path: string,
  write: (file: OpenFile) => void,
): Promise<OpenFile> {
  const unfinished = `${path}.new`;
  files.remove(unfinished);
  const file = files.create(unfinished);
  try {
    write(file);
    await file.sync();
    files.rename(unfinished, path);
    await files.syncFolder(dirname(path));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Creates or replaces a file with these bytes. Resolves when it is on disk. */
export async function replaceFile(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const file = await createComplete(files, path, (unfinished) => unfinished.write(bytes, 0));
  file.close();
}
