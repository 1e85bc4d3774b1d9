import { basename, dirname } from 'node:path';
import type { Clock, Log } from '@ocmesh/shared/ambient';
import { compactFiles } from '../../src/adapters/store/engine/compaction.ts';
import type { Files } from '../../src/adapters/store/engine/files.ts';
import { readImage } from '../../src/adapters/store/engine/image.ts';
import { openStore } from '../../src/adapters/store/store.ts';
import type { Store } from '../../src/core/ports/store.ts';

/** A disk that survives its store: opening another store on it is a restart. */
export type MemoryDisk = Map<string, Uint8Array>;

export const createMemoryDisk = (): MemoryDisk => new Map();

/** Returns the disk as a crash at this moment would leave it. */
export const copyDisk = (disk: MemoryDisk): MemoryDisk =>
  new Map([...disk].map(([path, bytes]) => [path, bytes.slice()]));

const KEY = new Uint8Array(32).fill(7);

/** Opens the real store without a file system. The only place in the core's tests that knows how a store is opened. */
export function openMemoryStore(
  disk: MemoryDisk,
  deps: { clock: Clock; log: Log; datasync?: (() => Promise<void>) | undefined },
): Promise<Store> {
  const files = createMemoryFiles(disk, deps.datasync);
  return openStore({
    ...deps,
    path: '/memory/ocmesh.db',
    key: KEY,
    files,
    compact: (job) => compactFiles(files, job),
    readImage: ({ path, key, sequence }) => readImage(files, path, key, { sequence }),
    onFailStop: (error) => {
      throw error;
    },
  });
}

function createMemoryFiles(disk: MemoryDisk, datasync = async () => {}): Files {
  return {
    read: (path) => disk.get(path)?.slice() ?? null,
    list: (folder) =>
      [...disk.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path)),
    create(path) {
      if (disk.has(path)) throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST' });
      let bytes = new Uint8Array();
      // After a rename it is still the same file.
      let name = path;
      disk.set(name, bytes);
      const find = (): void => {
        for (const [other, content] of disk) if (content === bytes) name = other;
      };
      return {
        write(chunk, position) {
          find();
          if (position + chunk.length > bytes.length) {
            const longer = new Uint8Array(position + chunk.length);
            longer.set(bytes);
            bytes = longer;
          }
          bytes.set(chunk, position);
          disk.set(name, bytes);
        },
        sync: async () => {},
        datasync,
        isLinked() {
          find();
          return disk.get(name) === bytes;
        },
        close() {},
      };
    },
    rename(from, to) {
      disk.set(to, disk.get(from) as Uint8Array);
      disk.delete(from);
    },
    link: (from, to) => void disk.set(to, disk.get(from) as Uint8Array),
    remove: (path) => void disk.delete(path),
    syncFolder: async () => {},
  };
}
