import { type Clock, settlesWithin } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import type { Tables } from '../../../core/ports/store.ts';
import { storeLimits } from '../limits.ts';
import { createMemoryDatabase, type MemoryDatabase } from '../memory-database.ts';
import { openSql } from '../sql/sql.ts';

const COPY_MS = storeLimits.copySeconds * 1000;

/** Reads the database as it is on disk after this many transactions. Resolves with its image. */
export type ReadImage = (job: ImageJob) => Promise<Uint8Array>;

export interface ImageJob {
  readonly path: string;
  readonly key: Uint8Array;
  /** Transactions that are on disk. What was written after them is left out. */
  readonly sequence: number;
}

/** A copy of what is on disk, for reads while memory is ahead of a slow disk. Made when the first read needs it. */
export interface DurableCopy {
  /** @throws OcmeshError `storage_slow` if the disk cannot be read either */
  read<T>(look: (tables: Tables) => T): Promise<T>;
  /** Forgets the copy: the disk has caught up. */
  drop(): void;
}

export function createDurableCopy(deps: {
  readonly clock: Clock;
  /** Returns the image of what is on disk now. */
  readonly load: () => Promise<Uint8Array>;
  /** Reads once memory is not ahead of the disk any more. */
  readonly readMemory: <T>(look: (tables: Tables) => T) => Promise<T>;
}): DurableCopy {
  const { clock, load } = deps;
  let copy: Promise<MemoryDatabase> | null = null;

  function open(): Promise<MemoryDatabase> {
    const opening = load().then(async (image) => createMemoryDatabase(await openSql(image)));
    opening.catch(() => {
      // The next read tries again.
      if (copy === opening) copy = null;
    });
    return opening;
  }

  return {
    async read(look) {
      copy ??= open();
      const opened = copy;
      const isThere = await settlesWithin(clock, COPY_MS, opened).catch(() => false);
      // The disk has caught up meanwhile, and the copy is closed.
      if (copy !== opened && isThere) return deps.readMemory(look);
      if (!isThere) throw slow();
      return look((await opened).tables());
    },
    drop() {
      copy?.then((database) => database.close()).catch(() => {});
      copy = null;
    },
  };
}

const slow = (): OcmeshError =>
  new OcmeshError('storage_slow', { retryAfterSeconds: storeLimits.slowSeconds });
