import { expect, test } from 'vitest';
import { currentSchema } from '../sql/migrations/index.ts';
import { openSql } from '../sql/sql.ts';
import { createDatabase } from './database.ts';
import { createTables } from './index.ts';

test('the answers of relays come in the order in which they were given, then by address', async () => {
  const sql = await openSql(null);
  currentSchema.migrate(sql);
  const { outbox } = createTables(createDatabase(sql, () => {}));
  const answer = (url: string, atMs: number): void =>
    outbox.record('e', { url, outcome: 'accepted', reason: null, final: true, atMs });
  answer('wss://b', 2);
  answer('wss://c', 1);
  answer('wss://a', 2);
  expect(outbox.outcomes('e').map(({ url }) => url)).toEqual(['wss://c', 'wss://a', 'wss://b']);
});
