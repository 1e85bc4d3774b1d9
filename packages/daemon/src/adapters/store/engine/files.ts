import {
  closeSync,
  constants,
  copyFileSync,
  fdatasync,
  fstatSync,
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

/** A file open for writing. */
export interface OpenFile {
  /** Writes all bytes into the page cache. */
  write(bytes: Uint8Array, position: number): void;
  /** Resolves when data and metadata are on disk. */
  sync(): Promise<void>;
  /** Resolves when the data, and the metadata needed to read it, are on disk. */
  datasync(): Promise<void>;
  /** Whether the file still has a name: it has not been removed or replaced. */
  isLinked(): boolean;
  close(): void;
}

/** The file operations of the store. There are few, so that a test can replace the disk and make each of them fail. */
export interface Files {
  /** Returns null if there is no such file. Never follows a symbolic link. */
  read(path: string): Uint8Array | null;
  /** Returns the names in a folder. */
  list(folder: string): string[];
  /** Creates a file that only its owner may access; fails if it exists. */
  create(path: string): OpenFile;
  rename(from: string, to: string): void;
  /** Gives a file a second name. */
  link(from: string, to: string): void;
  /** Does nothing if the file does not exist. */
  remove(path: string): void;
  /** Resolves when the names in the folder are on disk. */
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
      isLinked: () => fstatSync(file).nlink > 0,
      close: () => closeSync(file),
    };
  },
  rename: renameSync,
  link(from, to) {
    try {
      linkSync(from, to);
    } catch (error) {
      // exFAT, Android and some network file systems have no hard links.
      if (errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOENT') throw error;
      copyFileSync(from, to, constants.COPYFILE_EXCL);
    }
  },
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
