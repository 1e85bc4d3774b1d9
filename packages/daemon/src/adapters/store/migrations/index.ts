import type { Sql } from '../sql.ts';
import { init } from './001-init.ts';

/** In order, forward only. Never change one that was released. */
const migrations: readonly string[] = [init];

export const newestSchema = migrations.length;

export const schemaVersion = (sql: Sql): number => Number(sql.one('PRAGMA user_version')?.[0] ?? 0);

/** @throws when a newer ocmesh wrote the database */
export function checkSchema(sql: Sql): void {
  const version = schemaVersion(sql);
  if (version <= newestSchema) return;
  throw new Error(`it has schema ${version}, and this ocmesh knows ${newestSchema}: install the newer one`);
}

/**
 * Brings the database to the newest schema, in one transaction.
 * @returns whether there was anything to do
 * @throws when a newer ocmesh wrote it
 */
export function migrate(sql: Sql): boolean {
  checkSchema(sql);
  const version = schemaVersion(sql);
  if (version === newestSchema) return false;
  sql.script('BEGIN');
  for (const migration of migrations.slice(version)) sql.script(migration);
  sql.script(`PRAGMA user_version = ${newestSchema}; COMMIT`);
  return true;
}
