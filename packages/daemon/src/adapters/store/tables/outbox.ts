import type { Pubkey } from '@ocmesh/shared/contract';
import type { OutboxItem, Purpose, RelayOutcomeRecord } from '../../../core/model/outbox.ts';
import type { OutboxTable } from '../../../core/ports/store.ts';
import type { SqlValue } from '../sql/sql.ts';
import type { Database } from './database.ts';

export function createOutboxTable(database: Database): OutboxTable {
  function remove(eventId: string): void {
    database.write('outbox.remove', [eventId]);
    // Outcomes of a message remain to be shown; those of a hello or receipt are not.
    database.write('outcomes.forget', [eventId, eventId]);
  }

  return {
    insert({ event, peer, purpose, payload, createdAtMs, expiresAtMs }) {
      const text = JSON.stringify(event);
      database.write('outbox.insert', [event.id, text, peer, purpose, expiresAtMs, createdAtMs, payload]);
    },
    get(eventId) {
      const row = database.one(
        'SELECT event, peer, purpose, payload, created_at, expires_at FROM outbox WHERE event_id = ?',
        [eventId],
      );
      return row && toItem(row);
    },
    entries: () =>
      database
        .all('SELECT event_id, peer, purpose, length(event) FROM outbox ORDER BY rowid')
        .map(([eventId, peer, purpose, bytes]) => ({
          eventId: eventId as string,
          peer: peer as Pubkey,
          purpose: purpose as Purpose,
          bytes: bytes as number,
        })),
    expired: (nowMs) =>
      database
        .all('SELECT event_id FROM outbox WHERE expires_at <= ?', [nowMs])
        .map(([eventId]) => eventId as string),
    replace(eventId, event) {
      database.write('outbox.setEvent', [event.id, JSON.stringify(event), eventId]);
      database.write('outcomes.setEvent', [event.id, eventId]);
      database.write('messages.setEvent', [event.id, eventId]);
    },
    remove,
    removePublished(limit, peer) {
      const rows = database.all(
        `SELECT o.event_id FROM outbox o JOIN messages m ON m.event_id = o.event_id
         WHERE m.state = 'published' ${peer === undefined ? '' : 'AND o.peer = ?'} ORDER BY o.rowid LIMIT ?`,
        [...(peer === undefined ? [] : [peer]), limit],
      );
      for (const [eventId] of rows) remove(eventId as string);
      return rows.length;
    },
    record: (eventId, { url, outcome, reason, final, atMs }) =>
      database.write('outcomes.record', [eventId, url, outcome, reason, Number(final), atMs]),
    revoke: (eventId, { url, reason, atMs }) =>
      database.write('outcomes.revoke', [reason, atMs, eventId, url]),
    outcomes: (eventId) =>
      database
        .all('SELECT url, outcome, reason, final, at FROM relay_outcomes WHERE event_id = ? ORDER BY url', [
          eventId,
        ])
        .map(toOutcome)
        // Sorted here, as SQLite takes ten times as long; by URL the primary key sorts them.
        .sort((one, other) => one.atMs - other.atMs),
  };
}

const toItem = (row: SqlValue[]): OutboxItem => ({
  event: JSON.parse(row[0] as string),
  peer: row[1] as Pubkey,
  purpose: row[2] as Purpose,
  payload: row[3] as string | null,
  createdAtMs: row[4] as number,
  expiresAtMs: row[5] as number,
});

const toOutcome = (row: SqlValue[]): RelayOutcomeRecord => ({
  url: row[0] as string,
  outcome: row[1] as RelayOutcomeRecord['outcome'],
  reason: row[2] as string | null,
  final: row[3] === 1,
  atMs: row[4] as number,
});
