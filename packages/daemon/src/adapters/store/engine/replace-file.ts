import { dirname } from 'node:path';
import type { Files } from './files.ts';

/** Makes a file or replaces it: after a crash it is the old one or the new one. Resolves when it is on disk. */
export async function replaceFile(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.new`;
  files.remove(unfinished);
  const file = files.create(unfinished);
  try {
    file.write(bytes, 0);
    await file.sync();
  } finally {
    file.close();
  }
  files.rename(unfinished, path);
  await files.syncFolder(dirname(path));
}
