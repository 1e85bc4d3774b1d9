import { constants } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where the encrypted image lives. Replaced as a whole: after a crash it is the old one or the new one. */
export interface ImageFile {
  readonly path: string;
  /** null when there is none yet. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the bytes are on disk. */
  replace(bytes: Uint8Array): Promise<void>;
}

export function createImageFile(path: string): ImageFile {
  const temporary = `${path}.new`;

  return {
    path,
    async read() {
      try {
        // Not through a link: it could lead anywhere.
        return await readFile(path, { flag: constants.O_RDONLY | constants.O_NOFOLLOW });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    async replace(bytes) {
      await rm(temporary, { force: true });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      const folder = await open(dirname(path), 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    },
  };
}
