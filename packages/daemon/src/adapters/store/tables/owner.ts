import type { Pubkey } from '@ocmesh/shared/contract';
import type { OwnerChoice, OwnerRequest, OwnerRequestKind } from '../../../core/model/owner.ts';
import type { OwnerRequestsTable, OwnerTable } from '../../../core/ports/store.ts';
import type { SqlValue } from '../sql/sql.ts';
import type { Database } from './database.ts';

export const createOwnerTable = (database: Database): OwnerTable => ({
  get() {
    const row = database.one('SELECT pubkey, code, tries_left, named_at, quiet_hours, mail_alarm FROM owner');
    return (
      row && {
        pubkey: row[0] as Pubkey,
        code: row[1] as string | null,
        triesLeft: row[2] as number,
        namedAtMs: row[3] as number,
        quietHours: row[4] as string | null,
        mailAlarm: row[5] === 1,
      }
    );
  },
  put: ({ pubkey, code, triesLeft, namedAtMs, quietHours, mailAlarm }) =>
    database.write('owner.put', [pubkey, code, triesLeft, namedAtMs, quietHours, Number(mailAlarm)]),
  remove: () => database.write('owner.remove', []),
});

const COLUMNS = 'number, kind, peer, since, sent_at, dated_sec, choice';

export const createOwnerRequestsTable = (database: Database): OwnerRequestsTable => ({
  get(number) {
    const row = database.one(`SELECT ${COLUMNS} FROM owner_requests WHERE number = ?`, [number]);
    return row && toRequest(row);
  },
  list: () => database.all(`SELECT ${COLUMNS} FROM owner_requests ORDER BY number`).map(toRequest),
  put: ({ number, kind, peer, sinceMs, sentAtMs, datedSec, choice }) =>
    database.write('ownerRequests.put', [number, kind, peer, sinceMs, sentAtMs, datedSec, choice]),
  removeAll: () => database.write('ownerRequests.removeAll', []),
  forgetBefore: (sentAtMs) => database.write('ownerRequests.forget', [sentAtMs]),
});

const toRequest = (row: SqlValue[]): OwnerRequest => ({
  number: row[0] as number,
  kind: row[1] as OwnerRequestKind,
  peer: row[2] as Pubkey,
  sinceMs: row[3] as number,
  sentAtMs: row[4] as number,
  datedSec: row[5] as number,
  choice: row[6] as OwnerChoice | null,
});
