import type { Clock, Log } from '@ocmesh/shared/ambient';
import { openStore } from '../../src/adapters/store/store.ts';
import type { Store } from '../../src/core/ports/store.ts';

/** A disk that outlives the store on it: opening another store on the same disk is a restart. */
export interface MemoryDisk {
  bytes: Uint8Array | null;
  /** What the next writes fail with; null while they work. */
  failure: Error | null;
}

export const createMemoryDisk = (): MemoryDisk => ({ bytes: null, failure: null });

/** What a crash at this moment would leave. */
export const copyDisk = (disk: MemoryDisk): MemoryDisk => ({ bytes: disk.bytes?.slice() ?? null, failure: null });

const KEY = new Uint8Array(32).fill(7);

/** The real store without a file system. The only place in the tests that knows how a store is opened. */
export function openMemoryStore(disk: MemoryDisk, deps: { clock: Clock; log: Log }): Promise<Store> {
  return openStore({
    ...deps,
    key: KEY,
    file: {
      path: '/memory/ocmesh.db',
      read: async () => disk.bytes,
      async replace(bytes) {
        if (disk.failure) throw disk.failure;
        disk.bytes = bytes.slice();
      },
    },
  });
}
