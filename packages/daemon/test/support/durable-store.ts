import { isDeepStrictEqual } from 'node:util';
import type { Pubkey } from '@ocmesh/shared/contract';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { compactFiles } from '../../src/adapters/store/engine/compaction.ts';
import type { Files } from '../../src/adapters/store/engine/files.ts';
import { readImage } from '../../src/adapters/store/engine/image.ts';
import { recover } from '../../src/adapters/store/engine/recover.ts';
import { openStore, type StoreDeps } from '../../src/adapters/store/store.ts';
import { createDatabase } from '../../src/adapters/store/tables/database.ts';
import { createTables } from '../../src/adapters/store/tables/index.ts';
import type { Store, Tables } from '../../src/core/ports/store.ts';
import type { Disk } from './crashed-disk.ts';
import { createMemoryFiles } from './memory-files.ts';
import { recountShares } from './recount-shares.ts';

export const PATH = '/home/ocmesh.db';
export const KEY = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
export const PEER = 'ab'.repeat(32) as Pubkey;

/** Opens the real store on a disk in memory, with a fake clock and a recording log. */
export async function openOn(files: Files, overrides: Partial<StoreDeps> = {}) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const failStops: unknown[] = [];
  const store = await openStore({
    path: PATH,
    key: KEY,
    files,
    compact: (job) => compactFiles(files, job),
    readImage: ({ path, key, sequence }) => readImage(files, path, key, { sequence }),
    clock,
    log,
    onFailStop: (error) => failStops.push(error),
    ...overrides,
  });
  return { store, clock, log, failStops };
}

/**
 * Stores a message, its outbox item and its event id. The content begins with the message's number in the conversation,
 * which is wrong if a change is replayed twice or not at all.
 */
export function put(tables: Tables, id: string, text: string): void {
  tables.peers.put({
    pubkey: PEER,
    name: 'peer',
    about: null,
    version: null,
    features: [],
    capabilities: [],
    trust: 'stranger',
    alias: null,
    note: null,
    firstSeenMs: 1,
    lastSeenMs: 2,
    onlineUntilMs: 0,
    offlineSinceMs: null,
    presenceAtSec: 3,
    hello: 'none',
    theirHelloAtMs: null,
    answeredAtMs: null,
  });
  const number = tables.peers.nextSeq(PEER);
  const event = { id, pubkey: PEER, created_at: 1, kind: 4, tags: [], content: '', sig: '' };
  tables.messages.insert({
    id,
    eventId: id,
    peer: PEER,
    direction: 'out',
    type: 'text',
    content: `${number} ${text}`,
    data: null,
    replyTo: null,
    thread: null,
    timestampMs: 1,
    arrivedAtMs: 1,
    read: true,
    state: 'queued',
    deliveredAtMs: null,
    readAtMs: null,
    receiptDue: 'none',
    seq: null,
    auto: false,
    hops: 0,
  });
  tables.outbox.insert({
    event,
    peer: PEER,
    purpose: 'message',
    payload: null,
    createdAtMs: 1,
    expiresAtMs: 9,
  });
  tables.seen.add(id, 1, 'wss://one.test');
}

/** A text that takes this many bytes of the journal but few of the database: JSON needs six bytes per character. */
export const wideText = (bytes: number): string => '\u0001'.repeat(bytes / 6);

export const write = (store: Store, id: string, text = id): Promise<void> =>
  store.transaction((tables) => put(tables, id, text));

const everything = { direction: 'all', order: 'asc', limit: 1_000_000 } as const;

export const idsIn = (tables: Tables): string[] => tables.messages.list(everything).map(({ id }) => id);

export interface Content {
  /** In the order of writing. */
  readonly ids: readonly string[];
  readonly texts: readonly string[];
  /** Traces of transactions that were applied partly or more than once. */
  readonly halves: number;
  /** Segments with an incomplete frame. */
  readonly torn: number;
}

/** Returns what a start would find on this disk. @throws UnreadableStoreError */
export async function contentOn(disk: Disk): Promise<Content> {
  const { sql, torn } = await recover(createMemoryFiles(disk), PATH, KEY);
  try {
    const hasTables = sql.one(`SELECT 1 FROM sqlite_schema WHERE name = 'messages'`) !== null;
    if (!hasTables) return { ids: [], texts: [], halves: 0, torn };
    const tables = createTables(createDatabase(sql, () => {}));
    const messages = tables.messages.list(everything);
    const count = (table: string) => Number(sql.one(`SELECT count(*) FROM ${table}`)?.[0]);
    const off = (found: number) => Math.abs(found - messages.length);
    const wrong = messages.filter(
      ({ id, content, arrival }, at) =>
        arrival !== at + 1 ||
        !content.startsWith(`${at + 1} `) ||
        !tables.seen.has(id) ||
        tables.outbox.get(id) === null,
    );
    const given = Number(sql.one('SELECT coalesce(max(last_seq), 0) FROM peers')?.[0]);
    const { kept, counted } = recountShares(sql);
    return {
      ids: messages.map(({ id }) => id),
      texts: messages.map(({ content }) => content.slice(content.indexOf(' ') + 1)),
      halves:
        wrong.length +
        off(count('seen')) +
        off(count('outbox')) +
        off(given) +
        Number(!isDeepStrictEqual(kept, counted)),
      torn,
    };
  } finally {
    sql.close();
  }
}
