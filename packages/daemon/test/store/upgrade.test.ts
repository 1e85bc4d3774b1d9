import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { compactFiles } from '../../src/adapters/store/engine/compaction.ts';
import { recover } from '../../src/adapters/store/engine/recover.ts';
import { startUp } from '../../src/adapters/store/engine/start-up.ts';
import { createSchema, currentSchema, migrations } from '../../src/adapters/store/sql/migrations/index.ts';
import { openStore } from '../../src/adapters/store/store.ts';
import { createMemoryFiles, type MemoryFiles } from '../support/memory-files.ts';
import { recountShares } from '../support/recount-shares.ts';

const path = '/home/ocmesh.db';
const key = new Uint8Array(32).fill(7);
const log = createRecordingLog();

/** A possible next schema: one more column, and every row changed. */
const next = createSchema([
  ...migrations,
  `ALTER TABLE seen ADD COLUMN note TEXT; UPDATE seen SET note = 'migrated';`,
]);
const ROWS = 48;

/** A store of the current schema, with rows in the snapshot and in the journal. */
async function oldDisk(): Promise<Map<string, Buffer>> {
  const files = createMemoryFiles();
  const open = () =>
    openStore({
      path,
      key,
      files,
      compact: (job) => compactFiles(files, job),
      clock: createFakeClock(),
      log,
      onFailStop: (error) => {
        throw error;
      },
    });
  const first = await open();
  for (let n = 0; n < ROWS / 2; n++)
    await first.transaction((tables) => tables.seen.add(`folded ${n}`, n, ''));
  await first.close();
  // Several runs that crashed, with a segment each.
  for (let run = 0; run < 6; run++) {
    const store = await open();
    for (let n = 0; n < ROWS / 12; n++)
      await store.transaction((tables) => tables.seen.add(`journaled ${run} ${n}`, n, ''));
  }
  return new Map([...files.contents()].map(([name, bytes]) => [name, Buffer.from(bytes)]));
}

const fixtures = join(import.meta.dirname, 'fixtures');
/** Written by `scripts/make-store-fixture.mjs` when the schema was released. */
const released = Array.from({ length: currentSchema.newest }, (_, n) => n + 1);

const hashes = (files: MemoryFiles): Record<string, string> =>
  Object.fromEntries(
    [...files.contents()].map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]),
  );

const counts = async (disk: ReadonlyMap<string, Buffer>) => {
  const { sql } = await startUp(createMemoryFiles(disk), path, key, log, next);
  return sql.one(`SELECT count(*), sum(note = 'migrated') FROM seen`);
};

describe('an upgrade', () => {
  it('migrates the snapshot and the journal', async () => {
    expect(await counts(await oldDisk())).toEqual([ROWS, ROWS]);
  });

  it('keeps the old files under other names, where the old schema still opens them', async () => {
    const files = createMemoryFiles(await oldDisk());
    await startUp(files, path, key, log, next);
    const { sql } = await recover(files, `${path}.schema-${currentSchema.newest}`, key);
    expect(sql.one('SELECT count(*) FROM seen')).toEqual([ROWS]);
  });

  it('refuses a downgrade, with the next step', async () => {
    const files = createMemoryFiles(await oldDisk());
    await startUp(files, path, key, log, next);
    const before = hashes(files);
    await expect(startUp(files, path, key, log)).rejects.toThrow(
      `it has schema ${next.newest}, and this ocmesh knows ${currentSchema.newest}: install the newer one`,
    );
    expect(hashes(files)).toEqual(before);
  });

  it('leaves the old store or the new one if killed at any file operation', async () => {
    const disk = await oldDisk();
    let stops = 0;
    for (let at = 1; ; at++) {
      const files = createMemoryFiles(disk);
      files.fail = (_, count) => {
        if (count >= at) throw new Error('killed');
      };
      const finished = await startUp(files, path, key, log, next).then(
        () => true,
        () => false,
      );
      const left = files.contents();
      expect(await counts(left), `killed at operation ${at}`).toEqual([ROWS, ROWS]);
      if (finished) break;
      stops++;
    }
    console.log(`${stops} points`);
    expect(stops).toBeGreaterThanOrEqual(50);
  });

  it.each(released)('opens a store of schema %s, including its journal', async (version) => {
    const folder = join(fixtures, `schema-${version}`);
    const disk = new Map(
      readdirSync(folder).map((name) => [`/home/${name}`, readFileSync(join(folder, name))]),
    );
    const { sql } = await startUp(createMemoryFiles(disk), path, key, log);
    expect(sql.one('SELECT count(*), sum(read), max(arrival) FROM messages')).toEqual([50, 13, 50]);
    expect(sql.one(`SELECT content FROM messages WHERE id = 'message-49'`)).toEqual([
      'content of message 49 🐙',
    ]);
    expect(sql.one(`SELECT value FROM meta WHERE key = 'secret_key'`)).toEqual(['1'.padStart(64, '0')]);
    const { kept, counted } = recountShares(sql);
    expect(kept).toEqual(counted);
    expect(sql.one('SELECT received_count, sent > 0 FROM shares')).toEqual([25, 1]);
  });
});
