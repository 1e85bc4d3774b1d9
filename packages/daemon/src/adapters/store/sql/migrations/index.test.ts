import { describe, expect, it } from 'vitest';
import { openSql } from '../sql.ts';
import { createSchema, currentSchema, schemaVersion } from './index.ts';

describe('the schema', () => {
  it('is created from nothing, once', async () => {
    const sql = await openSql(null);
    expect(currentSchema.migrate(sql)).toBe(true);
    expect(schemaVersion(sql)).toBe(currentSchema.newest);
    expect(currentSchema.migrate(sql)).toBe(false);
    expect(sql.one('PRAGMA integrity_check')).toEqual(['ok']);
  });

  it('refuses a database of a newer ocmesh, with the next step', async () => {
    const sql = await openSql(null);
    sql.script('PRAGMA user_version = 7');
    expect(() => currentSchema.check(sql)).toThrow(
      `it has schema 7, and this ocmesh knows ${currentSchema.newest}: install the newer one`,
    );
  });

  it('does not migrate a newer database', async () => {
    const sql = await openSql(null);
    sql.script('PRAGMA user_version = 7');
    expect(() => currentSchema.migrate(sql)).toThrow(/install the newer one/);
    expect(schemaVersion(sql)).toBe(7);
  });

  it('migrates completely or not at all', async () => {
    const sql = await openSql(null);
    createSchema(['CREATE TABLE one(a)']).migrate(sql);
    expect(() => createSchema(['', 'CREATE TABLE two(a)', 'nonsense']).migrate(sql)).toThrow();
    sql.script('ROLLBACK');
    expect(schemaVersion(sql)).toBe(1);
    expect(sql.all('SELECT name FROM sqlite_schema')).toEqual([['one']]);
  });
});
