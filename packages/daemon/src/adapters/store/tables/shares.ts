import type { Pubkey } from '@ocmesh/shared/contract';
import type { Share, SharesTable, Standing } from '../../../core/ports/store.ts';
import { COLUMNS } from '../sql/migrations/004-shares.ts';
import type { SqlValue } from '../sql/sql.ts';
import type { Database } from './database.ts';

const VALUES = COLUMNS.join(', ');
/** Nobody waits for what a blocked peer wrote. */
const REMOVABLE = `iif(standing = 'blocked', received, removable)`;
const SIZES = { received: 'received', sent: 'sent', kept: `received - ${REMOVABLE}` } as const;

export const createSharesTable = (database: Database): SharesTable => ({
  of(peer) {
    const row = database.one(`SELECT ${VALUES} FROM shares WHERE peer = ?`, [peer]);
    return row ? toShare(row) : nothing;
  },

  sums() {
    const sums = { contact: nothing, answered: nothing, stranger: nothing, blocked: nothing };
    for (const [standing, ...values] of database.all(`SELECT standing, ${VALUES} FROM share_sums`)) {
      sums[standing as Standing] = toShare(values);
    }
    return sums;
  },

  largest: (what, { limit, withoutContacts = false }) =>
    database
      .all(
        `SELECT peer FROM shares WHERE ${what === 'received' ? REMOVABLE : SIZES[what]} > 0
           AND NOT (? AND standing = 'contact') ORDER BY ${SIZES[what]} DESC, peer LIMIT ?`,
        [Number(withoutContacts), limit],
      )
      .map(([peer]) => peer as Pubkey),

  removeOldest(what, peer, limit) {
    const count = (): number => Number(database.one('SELECT count FROM message_totals')?.[0]);
    const before = count();
    const which = [peer, limit];
    if (what === 'sent') {
      database.write('outcomes.removeSent', which);
      database.write('messages.removeSent', which);
    } else {
      database.write('ignored.addRemoved', which);
      database.write('outcomes.removeReceived', which);
      database.write('messages.removeReceived', which);
    }
    return before - count();
  },
});

const toShare = (row: SqlValue[]): Share => ({
  received: row[0] as number,
  receivedCount: row[1] as number,
  removable: row[2] as number,
  unreadCount: row[3] as number,
  unreadText: row[4] as number,
  sent: row[5] as number,
  outbox: row[6] as number,
});

const nothing: Share = toShare(COLUMNS.map(() => 0));
