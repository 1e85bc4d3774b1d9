import { describe, expect, it } from 'vitest';
import { openSql, RESERVED_BYTES } from './sql.ts';

async function open() {
  const sql = await openSql(null);
  sql.script('CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE) STRICT');
  return sql;
}

const insert = 'INSERT INTO t(a) VALUES(?)';

describe(openSql, () => {
  it('reserves room for encryption in every page', async () => {
    const sql = await open();
    for (let n = 0; n < 50; n++) sql.run(insert, [`${n}${'x'.repeat(900)}`]);
    expect(sql.image()[20]).toBe(RESERVED_BYTES);
    expect(sql.one('PRAGMA integrity_check')).toEqual(['ok']);
  });

  it('returns rows as arrays, only the first one, or null', async () => {
    const sql = await open();
    sql.run(insert, ['one']);
    sql.run(insert, [null]);
    expect(sql.all('SELECT id, a FROM t ORDER BY id')).toEqual([
      [1, 'one'],
      [2, null],
    ]);
    expect(sql.one('SELECT a FROM t ORDER BY id')).toEqual(['one']);
    expect(sql.one('SELECT a FROM t WHERE id > 9')).toBeNull();
  });

  it('keeps times in milliseconds exactly', async () => {
    const sql = await open();
    expect(sql.one('SELECT ?', [1_900_000_000_123])).toEqual([1_900_000_000_123]);
    expect(sql.one('SELECT ?', [Number.MAX_SAFE_INTEGER])).toEqual([Number.MAX_SAFE_INTEGER]);
  });

  it('returns no image inside a transaction', async () => {
    const sql = await open();
    sql.run('BEGIN');
    sql.run(insert, ['half']);
    expect(() => sql.image()).toThrow();
    sql.run('ROLLBACK');
    expect(sql.one('SELECT count(*) FROM t')).toEqual([0]);
    expect(sql.image().length).toBeGreaterThan(0);
  });

  it('keeps its statements and settings after making an image', async () => {
    const sql = await open();
    sql.run(insert, ['before']);
    expect(sql.one('SELECT count(*) FROM t')).toEqual([1]);
    sql.image();
    sql.run(insert, ['after']);
    expect(sql.one('SELECT count(*) FROM t')).toEqual([2]);
    expect(sql.one('PRAGMA foreign_keys')).toEqual([1]);
    expect(sql.one('PRAGMA locking_mode')).toEqual(['exclusive']);
  });

  it('runs a statement again after it failed', async () => {
    const sql = await open();
    sql.run(insert, ['same']);
    expect(() => sql.run(insert, ['same'])).toThrow(/UNIQUE/);
    sql.run(insert, ['other']);
    expect(sql.one('SELECT count(*) FROM t')).toEqual([2]);
  });

  it('opens an image as an independent database', async () => {
    const sql = await open();
    sql.run(insert, ['one']);
    const other = await openSql(sql.image());
    other.run(insert, ['two']);
    expect(sql.one('SELECT count(*) FROM t')).toEqual([1]);
    expect(other.one('SELECT count(*) FROM t')).toEqual([2]);
  });
});
