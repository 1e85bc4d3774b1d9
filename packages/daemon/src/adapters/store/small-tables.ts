import type { IdempotencyTable, MetaTable, RelaysTable, SeenTable } from '../../core/ports/store.ts';
import type { Sql } from './sql.ts';

export const createMetaTable = (sql: Sql): MetaTable => ({
  get: (key) => (sql.one('SELECT value FROM meta WHERE key = ?', [key])?.[0] ?? null) as string | null,
  set: (key, value) =>
    sql.run(
      'INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value',
      [key, value],
    ),
});

export const createSeenTable = (sql: Sql): SeenTable => ({
  has: (eventId) => sql.one('SELECT 1 FROM seen WHERE event_id = ?', [eventId]) !== null,
  add: (eventId, atMs) => sql.run('INSERT OR IGNORE INTO seen(event_id, at) VALUES(?, ?)', [eventId, atMs]),
});

export const createRelaysTable = (sql: Sql): RelaysTable => ({
  cursor: (url) => (sql.one('SELECT cursor FROM relays WHERE url = ?', [url])?.[0] ?? null) as number | null,
  setCursor: (url, atMs) =>
    sql.run(
      'INSERT INTO relays(url, cursor) VALUES(?, ?) ON CONFLICT(url) DO UPDATE SET cursor = excluded.cursor',
      [url, atMs],
    ),
});

export const createIdempotencyTable = (sql: Sql): IdempotencyTable => ({
  get(key, sinceMs) {
    const row = sql.one('SELECT request, answer FROM idempotency WHERE key = ? AND at >= ?', [key, sinceMs]);
    return row && { request: row[0] as string, answer: row[1] as string };
  },
  put(key, request, answer, atMs) {
    sql.run('DELETE FROM idempotency WHERE key = ? OR at < ?', [key, atMs - 86_400_000]);
    sql.run('INSERT INTO idempotency(key, request, answer, at) VALUES(?, ?, ?, ?)', [
      key,
      request,
      answer,
      atMs,
    ]);
  },
});
