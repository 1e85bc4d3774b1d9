import type { TimesTable } from '../../../core/ports/store.ts';
import type { StatementName } from '../sql/statements.ts';
import type { Database } from './database.ts';

const moves = [
  'times.moveOutbox',
  'times.moveMessages',
  'times.moveSeen',
  'times.moveHeld',
  'times.movePendingContacts',
  'times.moveIdempotency',
  'times.moveGreeted',
  'times.movePauses',
  'times.moveCounts',
] as const satisfies readonly StatementName[];

export const createTimesTable = (database: Database): TimesTable => ({
  moveSince(sinceMs, byMs) {
    for (const move of moves) database.write(move, [sinceMs, byMs]);
    const knownSinceMs = Number(database.one("SELECT value FROM meta WHERE key = 'seen_since_ms'")?.[0] ?? 0);
    if (knownSinceMs >= sinceMs) database.write('meta.set', ['seen_since_ms', String(knownSinceMs + byMs)]);
  },
});
