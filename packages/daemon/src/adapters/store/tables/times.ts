import type { TimesTable } from '../../../core/ports/store.ts';
import type { StatementName } from '../sql/statements.ts';
import type { Database } from './database.ts';

const moves = [
  'times.moveOutbox',
  'times.moveMessages',
  'times.moveSeen',
  'times.moveIgnored',
  'times.moveKnownSince',
  'times.moveHeld',
  'times.movePendingContacts',
  'times.moveIdempotency',
  'times.moveGreeted',
  'times.movePauses',
  'times.moveCounts',
  'times.moveOwner',
  'times.moveOwnerWaits',
  'times.moveOwnerRequests',
] as const satisfies readonly StatementName[];

const NEWEST = `SELECT max(at) FROM (
  SELECT max(arrived_at) AS at FROM messages WHERE arrived_at <= ?1
  UNION ALL SELECT max(at) FROM seen WHERE at <= ?1
  UNION ALL SELECT max(at) FROM greeted WHERE at <= ?1
  UNION ALL SELECT max(created_at) FROM outbox WHERE created_at <= ?1
  UNION ALL SELECT max(paused_at) FROM loop_pauses WHERE paused_at <= ?1
  UNION ALL SELECT max(sent_at) FROM owner_requests WHERE sent_at <= ?1)`;

export const createTimesTable = (database: Database): TimesTable => ({
  newest: (untilMs) => (database.one(NEWEST, [untilMs])?.[0] ?? null) as number | null,
  moveSince(sinceMs, byMs) {
    for (const move of moves) database.write(move, [sinceMs, byMs]);
    const knownSinceMs = Number(database.one("SELECT value FROM meta WHERE key = 'seen_since_ms'")?.[0] ?? 0);
    if (knownSinceMs >= sinceMs) database.write('meta.set', ['seen_since_ms', String(knownSinceMs + byMs)]);
  },
});
