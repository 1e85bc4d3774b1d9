import type { Pubkey } from '@ocmesh/shared/contract';
import type { OutboxItem, Purpose, RelayOutcomeRecord } from '../../core/model/outbox.ts';
import type { OutboxTable } from '../../core/ports/store.ts';
import type { Database } from './database.ts';
import type { SqlValue } from './sql.ts';

const COLUMNS = 'event, peer, purpose, attempts, due_at, expires_at';

export function createOutboxTable(database: Database): OutboxTable {
  return {
    insert({ event, peer, purpose, attempts, dueAtMs, expiresAtMs }) {
      database.write('outbox.insert', [
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
      database
        .all(`SELECT ${COLUMNS} FROM outbox WHERE due_at <= ? ORDER BY due_at, rowid LIMIT ?`, [nowMs, limit])
        .map(toItem),
    nextDueAtMs: () =>
      database.one('SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL')?.[0] as number | null,
    dueAtMs: (eventId) =>
      (database.one('SELECT due_at FROM outbox WHERE event_id = ?', [eventId])?.[0] ?? null) as number | null,
    reschedule: (eventId, dueAtMs, attempts) =>
      database.write('outbox.reschedule', [dueAtMs, attempts, eventId]),
    wake: (url, nowMs) => database.write('outbox.wake', [nowMs, nowMs, url]),
    remove(eventId) {
      database.write('outbox.remove', [eventId]);
      // The ladder of a message stays to be shown; nobody asks for that of a hello or receipt.
      database.write('outcomes.forget', [eventId, eventId]);
    },
    expired: (nowMs, limit) =>
      database.all(`SELECT ${COLUMNS} FROM outbox WHERE expires_at <= ? LIMIT ?`, [nowMs, limit]).map(toItem),

    record: (eventId, { url, outcome, reason, final, atMs }) =>
      database.write('outcomes.record', [eventId, url, outcome, reason, Number(final), atMs]),
    outcomes: (eventId) =>
      database
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
