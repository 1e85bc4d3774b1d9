import type { Clock, Log, UnixMs } from '@ocmesh/shared/ambient';
import { OcmeshError } from '@ocmesh/shared/contract';
import type { Store, Tables } from '../../core/ports/store.ts';
import type { ImageFile } from './image-file.ts';
import { createMessagesTable } from './messages.ts';
import { migrate } from './migrations/index.ts';
import { createOutboxTable } from './outbox.ts';
import { createPeersTable } from './peers.ts';
import {
  createIdempotencyTable,
  createMetaTable,
  createRelaysTable,
  createSeenTable,
} from './small-tables.ts';
import { openSql, type Sql } from './sql.ts';
import { decryptImage, encryptImage } from './sqlcipher.ts';

/** The store is there but cannot be used. It is left as it is. */
export class UnreadableStoreError extends Error {
  constructor(path: string, why: string, cause: unknown) {
    super(`${path} cannot be read: ${why}.`, { cause });
    this.name = 'UnreadableStoreError';
  }
}

interface Deps {
  readonly file: ImageFile;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
}

/** Changes that go to disk together; everybody who made or read one of them waits for the same write. */
interface Batch {
  readonly settled: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * SQLite in memory; after each change the whole encrypted image replaces the file. Changes that arrive while a
 * write runs share the next one. When a write fails, memory goes back to what the disk has.
 * @throws UnreadableStoreError
 */
export async function openStore(deps: Deps): Promise<Store> {
  const { file, key, clock, log } = deps;
  let sql = await load(deps);
  let tables = createTables(sql);
  let bytes = (await file.read())?.length ?? 0;
  /** Applied but not yet being written. */
  let waiting: Batch | null = null;
  /** Being written. */
  let writing: Batch | null = null;
  let refusal: { code: 'storage_full' | 'storage_unavailable'; since: UnixMs } | null = null;
  let busy = false;
  let closed = false;

  function transaction<T>(change: (tables: Tables) => T): Promise<T> {
    if (closed) return Promise.reject(new OcmeshError('shutting_down'));
    const before = sql.changes();
    let result: T;
    try {
      sql.run('BEGIN');
      result = change(tables);
      sql.run('COMMIT');
    } catch (error) {
      sql.run('ROLLBACK');
      return Promise.reject(error);
    }
    if (sql.changes() === before) return onDisk().then(() => result);
    waiting ??= createBatch();
    const { settled } = waiting;
    if (!busy) void write();
    return settled.then(() => result);
  }

  /** Settles when everything applied so far is on disk. */
  const onDisk = (): Promise<void> => (waiting ?? writing)?.settled ?? Promise.resolve();

  async function write(): Promise<void> {
    busy = true;
    // One turn later: what is done in the same turn shares the write.
    await Promise.resolve();
    while (waiting) {
      writing = waiting;
      waiting = null;
      try {
        const sealed = encryptImage(sql.image(), key);
        await file.replace(sealed);
        bytes = sealed.length;
        refusal = null;
        writing.resolve();
      } catch (error) {
        await refuse(writing, error);
      }
    }
    writing = null;
    busy = false;
  }

  async function refuse(failed: Batch, cause: unknown): Promise<void> {
    const full = ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '');
    const code = full ? 'storage_full' : 'storage_unavailable';
    refusal ??= { code, since: clock.now() };
    log.error('the store could not be written', { reason: String(cause) });
    // What was applied after the failed write began rests on it, and is refused with it.
    const error = new OcmeshError(code, { cause });
    const reloaded = await load(deps).catch(() => null);
    if (reloaded) {
      sql.close();
      sql = reloaded;
      tables = createTables(sql);
    }
    failed.reject(error);
    waiting?.reject(error);
    waiting = null;
  }

  function read<T>(look: (tables: Tables) => T): Promise<T> {
    try {
      const result = look(tables);
      // A store that refuses writes still answers, from what the disk has.
      return onDisk().then(
        () => result,
        () => look(tables),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return {
    transaction,
    read,
    peek: (look) => look(tables),
    refusal: () => refusal,
    size: () => ({ bytes, journalBytes: 0 }),
    async close() {
      closed = true;
      await onDisk().catch(() => {});
      sql.close();
    },
  };
}

async function load({ file, key }: Deps): Promise<Sql> {
  try {
    const sealed = await file.read();
    const sql = await openSql(sealed && decryptImage(sealed, key));
    migrate(sql);
    return sql;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnreadableStoreError(file.path, reason, error);
  }
}

const createTables = (sql: Sql): Tables => ({
  meta: createMetaTable(sql),
  peers: createPeersTable(sql),
  messages: createMessagesTable(sql),
  outbox: createOutboxTable(sql),
  seen: createSeenTable(sql),
  relays: createRelaysTable(sql),
  idempotency: createIdempotencyTable(sql),
});

function createBatch(): Batch {
  let resolve = (): void => {};
  let reject = (_: unknown): void => {};
  const settled = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Somebody always waits, but not always before it fails.
  settled.catch(() => {});
  return { settled, resolve, reject };
}
