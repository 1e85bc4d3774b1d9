import {
  closeSync,
  constants,
  fdatasync,
  fsync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errnoOf } from '../../../node/errno.ts';

/** A file that is being written. */
export interface OpenFile {
  /** Puts the bytes into the page cache, all of them. */
  write(bytes: Uint8Array, position: number): void;
  /** Resolves when data and metadata are on disk. */
  sync(): Promise<void>;
  /** Resolves when the data is on disk, and of the metadata what is needed to find it. */
  datasync(): Promise<void>;
  close(): void;
}

/** The file operations of the store: few, so that a test can stand in for the disk and let each of them fail. */
export interface Files {
  /** null when there is no such file. Never follows a symbolic link. */
  read(path: string): Uint8Array | null;
  /** Names in a folder. */
  list(folder: string): string[];
  /** A new file for the owner alone; fails when it exists. */
  create(path: string): OpenFile;
  rename(from: string, to: string): void;
  /** A second name for a file. */
  link(from: string, to: string): void;
  /** No error when it is gone already. */
  remove(path: string): void;
  /** Resolves when the folder's names are on disk. */
  syncFolder(folder: string): Promise<void>;
}

const fsyncFile = promisify(fsync);
const fdatasyncFile = promisify(fdatasync);

export const realFiles: Files = {
  read(path) {
    try {
      const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        return readFileSync(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  },
  list: (folder) => readdirSync(folder),
  create(path) {
    const file = openSync(path, 'wx', 0o600);
    return {
      write(bytes, position) {
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(file, bytes, done, bytes.length - done, position + done);
        }
      },
      sync: () => fsyncFile(file),
      datasync: () => fdatasyncFile(file),
      close: () => closeSync(file),
    };
  },
  rename: renameSync,
  link: linkSync,
  remove: (path) => rmSync(path, { force: true }),
  async syncFolder(folder) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};
