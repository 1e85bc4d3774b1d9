import type { Sql } from '../sql.ts';
import { init } from './001-init.ts';
import { relays } from './002-relays.ts';
import { trust } from './003-trust.ts';
import { automatic } from './004-automatic.ts';
import { ignoredIds } from './004-ignored-ids.ts';
import { online } from './004-online.ts';
import { order } from './004-order.ts';
import { owner } from './004-owner.ts';
import { received } from './004-received.ts';
import { shares } from './004-shares.ts';
import { time } from './004-time.ts';

/** The layout of the database, with the migrations that lead to it. */
export interface Schema {
  readonly newest: number;
  /** @throws if a newer ocmesh wrote the database */
  check(sql: Sql): void;
  /**
   * Migrates the database to the newest layout, in one transaction.
   * @returns whether there was anything to do
   * @throws if a newer ocmesh wrote it
   */
  migrate(sql: Sql): boolean;
}

export const schemaVersion = (sql: Sql): number => Number(sql.one('PRAGMA user_version')?.[0] ?? 0);

/** @param migrations in order, forward only: a released one never changes */
export function createSchema(migrations: readonly string[]): Schema {
  const newest = migrations.length;
  function check(sql: Sql): void {
    const version = schemaVersion(sql);
    if (version <= newest) return;
    throw new Error(`it has schema ${version}, and this ocmesh knows ${newest}: install the newer one`);
  }
  return {
    newest,
    check,
    migrate(sql) {
      check(sql);
      const version = schemaVersion(sql);
      if (version === newest) return false;
      sql.script('BEGIN');
      for (const migration of migrations.slice(version)) sql.script(migration);
      sql.script(`PRAGMA user_version = ${newest}; COMMIT`);
      return true;
    },
  };
}

/** The last one is of the next release, in a file for each concern. */
export const migrations: readonly string[] = [
  init,
  relays,
  trust,
  order + time + ignoredIds + received + automatic + online + owner + shares,
];
export const currentSchema = createSchema(migrations);
