import type { Sql } from '../sql.ts';
import { init } from './001-init.ts';

/** In order, forward only. Never change one that was released. */
const migrations: readonly string[] = [init];

/** The store was written by a newer ocmesh. */
export class NewerSchemaError extends Error {
  constructor(found: number) {
    super(`it has schema ${found}, this ocmesh knows ${migrations.length}`);
    this.name = 'NewerSchemaError';
  }
}

/** Brings the database to the newest schema, in one transaction. @throws NewerSchemaError */
export function migrate(sql: Sql): void {
  const version = Number(sql.one('PRAGMA user_version')?.[0] ?? 0);
  if (version > migrations.length) throw new NewerSchemaError(version);
  if (version === migrations.length) return;
  sql.script('BEGIN');
  for (const migration of migrations.slice(version)) sql.script(migration);
  sql.script(`PRAGMA user_version = ${migrations.length}; COMMIT`);
}
