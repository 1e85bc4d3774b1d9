import { expect, test } from 'vitest';
import { currentSchema } from '../sql/migrations/index.ts';
import { openSql } from '../sql/sql.ts';
import { createDatabase } from './database.ts';
import { createTables } from './index.ts';

test('sorts the outcomes of relays by time, then by URL', async () => {
  const sql = await openSql(null);
  currentSchema.migrate(sql);
  const { outbox } = createTables(createDatabase(sql, () => {}));
  const record = (url: string, atMs: number): void =>
    outbox.record('e', { url, outcome: 'accepted', reason: null, final: true, atMs });
  record('wss://b', 2);
  record('wss://c', 1);
  record('wss://a', 2);
  expect(outbox.outcomes('e').map(({ url }) => url)).toEqual(['wss://c', 'wss://a', 'wss://b']);
});
