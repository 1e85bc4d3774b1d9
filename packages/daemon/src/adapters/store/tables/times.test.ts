import { expect, it } from 'vitest';
import { currentSchema } from '../sql/migrations/index.ts';
import { openSql } from '../sql/sql.ts';
import { statementNumber, statementText } from '../sql/statements.ts';
import { createDatabase } from './database.ts';
import { createTimesTable } from './times.ts';

/** Times by the wall clock, which are shown or which others named. Nothing expires by them. */
const wallClock = [
  'messages.delivered_at',
  'messages.read_at',
  'messages.expires_at',
  'peers.their_hello_at',
  'peers.answered_at',
  'relay_outcomes.at',
  'relay_choices.at',
];

it('moves every time by which something grows old once, so that no new table is forgotten', async () => {
  const sql = await openSql(null);
  currentSchema.migrate(sql);
  const moved: string[] = [];
  const database = createDatabase(sql, () => {});
  const times = createTimesTable({
    ...database,
    write(name, parameters) {
      database.write(name, parameters);
      const [, table, column] = /^UPDATE (\w+) SET (\w+)/.exec(statementText(statementNumber(name))) ?? [];
      moved.push(`${table}.${column}`);
    },
  });
  times.moveSince(1, 1);
  const columns = sql
    .all("SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'")
    .map(([table, column]) => `${table}.${column}`);
  const found = columns.filter((name) => /\.(at|\w+_at|count_from|known_since)$/.test(name));
  const missing = found.filter((name) => !moved.includes(name) && !wallClock.includes(name));
  // Moved by the same statement as `created_at`.
  expect(missing).toEqual(['outbox.expires_at']);
  // One that is moved twice lies in the future.
  expect(moved).toEqual([...new Set(moved)]);
});
