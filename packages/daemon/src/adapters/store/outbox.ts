import type { Pubkey } from '@ocmesh/shared/contract';
import type { OutboxItem, Purpose, RelayOutcomeRecord } from '../../core/model/outbox.ts';
import type { OutboxTable } from '../../core/ports/store.ts';
import type { Sql, SqlValue } from './sql.ts';

const COLUMNS = 'event, peer, purpose, attempts, due_at, expires_at';

export function createOutboxTable(sql: Sql): OutboxTable {
  return {
    insert({ event, peer, purpose, attempts, dueAtMs, expiresAtMs }) {
      sql.run(`INSERT INTO outbox(event_id, ${COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?)`, [
        event.id,
        JSON.stringify(event),
        peer,
        purpose,
        attempts,
        dueAtMs,
        expiresAtMs,
      ]);
    },
    due: (nowMs, limit) =>
      sql
        .all(`SELECT ${COLUMNS} FROM outbox WHERE due_at <= ? ORDER BY due_at, rowid LIMIT ?`, [nowMs, limit])
        .map(toItem),
    nextDueAtMs: () =>
      sql.one('SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL')?.[0] as number | null,
    dueAtMs: (eventId) =>
      (sql.one('SELECT due_at FROM outbox WHERE event_id = ?', [eventId])?.[0] ?? null) as number | null,
    reschedule: (eventId, dueAtMs, attempts) =>
      sql.run('UPDATE outbox SET due_at = ?, attempts = ? WHERE event_id = ?', [dueAtMs, attempts, eventId]),
    wake: (url, nowMs) =>
      sql.run(
        `UPDATE outbox SET due_at = ? WHERE (due_at IS NULL OR due_at > ?) AND NOT EXISTS
           (SELECT 1 FROM relay_outcomes r WHERE r.event_id = outbox.event_id AND r.url = ? AND r.final = 1)`,
        [nowMs, nowMs, url],
      ),
    remove(eventId) {
      sql.run('DELETE FROM outbox WHERE event_id = ?', [eventId]);
      // The ladder of a message stays to be shown; nobody asks for that of a hello or receipt.
      sql.run(
        'DELETE FROM relay_outcomes WHERE event_id = ? AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.event_id = ?)',
        [eventId, eventId],
      );
    },
    expired: (nowMs, limit) =>
      sql.all(`SELECT ${COLUMNS} FROM outbox WHERE expires_at <= ? LIMIT ?`, [nowMs, limit]).map(toItem),

    record: (eventId, { url, outcome, reason, final, atMs }) =>
      sql.run(
        `INSERT INTO relay_outcomes(event_id, url, outcome, reason, final, at) VALUES(?, ?, ?, ?, ?, ?)
         ON CONFLICT(event_id, url) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason,
           final = excluded.final, at = excluded.at WHERE final = 0`,
        [eventId, url, outcome, reason, Number(final), atMs],
      ),
    outcomes: (eventId) =>
      sql
        .all(
          'SELECT url, outcome, reason, final, at FROM relay_outcomes WHERE event_id = ? ORDER BY at, url',
          [eventId],
        )
        .map(toOutcome),
  };
}

const toItem = (row: SqlValue[]): OutboxItem => ({
  event: JSON.parse(row[0] as string),
  peer: row[1] as Pubkey,
  purpose: row[2] as Purpose,
  attempts: row[3] as number,
  dueAtMs: row[4] as number | null,
  expiresAtMs: row[5] as number,
});

const toOutcome = (row: SqlValue[]): RelayOutcomeRecord => ({
  url: row[0] as string,
  outcome: row[1] as RelayOutcomeRecord['outcome'],
  reason: row[2] as string | null,
  final: row[3] === 1,
  atMs: row[4] as number,
});
