import { shares as countShares } from '../../src/adapters/store/sql/migrations/004-shares.ts';
import type { Sql } from '../../src/adapters/store/sql/sql.ts';

const sums = (sql: Sql) => [
  sql.all('SELECT * FROM shares ORDER BY peer'),
  sql.all('SELECT * FROM share_sums ORDER BY standing'),
];

/** Returns the sums that the database keeps of what each peer's messages take, and those of a new count. Replaces them. */
export function recountShares(sql: Sql): { kept: unknown; counted: unknown } {
  const kept = sums(sql);
  const triggers = sql.all("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE '%share%'");
  for (const [name] of triggers) sql.script(`DROP TRIGGER ${name}`);
  sql.script(`DROP TABLE shares; DROP TABLE share_sums; ${countShares}`);
  return { kept, counted: sums(sql) };
}
