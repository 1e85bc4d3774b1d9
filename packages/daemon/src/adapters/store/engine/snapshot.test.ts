import { describe, expect, it } from 'vitest';
import { createCrasher } from '../../../../test/support/crashed-disk.ts';
import { createMemoryFiles } from '../../../../test/support/memory-files.ts';
import { createChance } from '../../../../test/support/seed.ts';
import { currentSchema } from '../sql/migrations/index.ts';
import { openSql, PAGE_BYTES } from '../sql/sql.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';

const PATH = '/home/ocmesh.db';
const KEY = new Uint8Array(32).fill(5);

/** Writes a snapshot, then another one over it. */
async function written() {
  const files = createMemoryFiles();
  const sql = await openSql(null);
  currentSchema.migrate(sql);
  await writeSnapshot(files, PATH, KEY, sql, { generation: 3, sequence: 14 });
  const first = new Map([...files.contents()].map(([path, bytes]) => [path, Buffer.from(bytes)]));
  const begin = files.operations.length;
  sql.run('INSERT INTO seen(event_id, at) VALUES(?, 1)', ['an event']);
  const bytes = await writeSnapshot(files, PATH, KEY, sql, { generation: 4, sequence: 15 });
  sql.close();
  return { files, first, second: files.operations.slice(begin), bytes };
}

describe('a snapshot', () => {
  it('contains the database and its position', async () => {
    const { files, bytes } = await written();
    const snapshot = await readSnapshot(files, PATH, KEY);
    expect(snapshot?.position).toEqual({ generation: 4, sequence: 15 });
    expect(snapshot?.sql.one('SELECT count(*) FROM seen')).toEqual([1]);
    expect(snapshot?.bytes).toBe(bytes);
    expect(files.contents().get(PATH)?.length).toBe(bytes);
  });

  it('is null if there is no file', async () => {
    expect(await readSnapshot(createMemoryFiles(), PATH, KEY)).toBeNull();
  });

  it('is the old one or the new one after a power cut at any moment', async () => {
    const { first } = await written();
    const found = new Set<number>();
    // The operations that replace the first snapshot.
    const files = createMemoryFiles(first);
    const sql = await openSql(null);
    currentSchema.migrate(sql);
    await writeSnapshot(files, PATH, KEY, sql, { generation: 4, sequence: 15 });
    const chance = createChance(1);
    const crasher = createCrasher(first, files.operations);
    for (let moment = 0; moment <= files.operations.length; moment++) {
      crasher.advance(moment);
      for (let n = 0; n < 5; n++) {
        const left = await readSnapshot(createMemoryFiles(crasher.crash(chance)), PATH, KEY);
        found.add(left?.position.generation ?? 0);
        left?.sql.close();
      }
    }
    expect([...found].sort()).toEqual([3, 4]);
  });

  it('keeps the old one if it cannot be written', async () => {
    const { first } = await written();
    for (const failing of ['create', 'write', 'sync', 'rename']) {
      const files = createMemoryFiles(first);
      files.fail = (operation) => {
        if (operation === failing) throw new Error('EIO');
      };
      const sql = await openSql(null);
      currentSchema.migrate(sql);
      await expect(writeSnapshot(files, PATH, KEY, sql, { generation: 9, sequence: 9 })).rejects.toThrow(
        'EIO',
      );
      files.fail = () => {};
      expect((await readSnapshot(files, PATH, KEY))?.position.generation).toBe(3);
    }
  });

  it('is refused if whole pages are missing at its end', async () => {
    const { files } = await written();
    const bytes = files.contents().get(PATH) as Buffer;
    const cut = createMemoryFiles(new Map([[PATH, bytes.subarray(0, bytes.length - PAGE_BYTES)]]));
    await expect(readSnapshot(cut, PATH, KEY)).rejects.toThrow(/malformed/);
  });
});
