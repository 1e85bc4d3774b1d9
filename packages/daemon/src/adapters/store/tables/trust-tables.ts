import type { Pubkey } from '@ocmesh/shared/contract';
import type { NewMessage } from '../../../core/model/message.ts';
import type { GreetedTable, HeldTable, LoopsTable, PendingContactsTable } from '../../../core/ports/store.ts';
import type { Database } from './database.ts';

/** Of held messages, few enough to look into each. */
const ENDED = "coalesce(json_extract(message, '$.expiresAtMs') <= ?, 0)";

export const createHeldTable = (database: Database): HeldTable => ({
  put: (message) =>
    database.write('held.put', [message.id, message.peer, message.arrivedAtMs, JSON.stringify(message)]),
  get(id) {
    const row = database.one('SELECT message FROM held WHERE id = ?', [id]);
    return row && (JSON.parse(row[0] as string) as NewMessage);
  },
  of: (peer) =>
    database
      .all('SELECT message FROM held WHERE peer = ? ORDER BY rowid', [peer])
      .map(([message]) => JSON.parse(message as string) as NewMessage),
  removeOf: (peer) => database.write('held.removeOf', [peer]),
  peers: (shownAtMs) =>
    database
      .all(`SELECT peer, min(at), count(*) FROM held WHERE NOT ${ENDED} GROUP BY peer ORDER BY min(rowid)`, [
        shownAtMs,
      ])
      .map(([peer, sinceMs, count]) => ({
        peer: peer as Pubkey,
        sinceMs: sinceMs as number,
        count: count as number,
      })),
  forgetBefore: (atMs) => database.write('held.forget', [atMs]),
  hasExpired: (nowMs) => database.one(`SELECT 1 FROM held WHERE ${ENDED} LIMIT 1`, [nowMs]) !== null,
  removeExpired: (nowMs) => database.write('held.expire', [nowMs]),
});

export const createPendingContactsTable = (database: Database): PendingContactsTable => ({
  put: (peer, atMs, content) => database.write('pendingContacts.put', [peer, atMs, content]),
  remove: (peer) => database.write('pendingContacts.remove', [peer]),
  list: () =>
    database
      .all('SELECT peer, at, content FROM contact_wishes ORDER BY at, peer')
      .map(([peer, atMs, content]) => ({
        peer: peer as Pubkey,
        atMs: atMs as number,
        content: content as string,
      })),
  forgetBefore: (atMs) => database.write('pendingContacts.forget', [atMs]),
});

export const createLoopsTable = (database: Database): LoopsTable => ({
  get(peer) {
    const row = database.one('SELECT paused_at, count_from FROM loop_pauses WHERE peer = ?', [peer]);
    return row && { pausedAtMs: row[0] as number | null, countFromMs: row[1] as number };
  },
  set: (peer, { pausedAtMs, countFromMs }) => database.write('loops.set', [peer, pausedAtMs, countFromMs]),
  pausedSince: (sinceMs) =>
    database
      .all('SELECT peer, paused_at FROM loop_pauses WHERE paused_at > ? ORDER BY paused_at, peer', [sinceMs])
      .map(([peer, pausedAtMs]) => ({ peer: peer as Pubkey, pausedAtMs: pausedAtMs as number })),
});

export const createGreetedTable = (database: Database): GreetedTable => ({
  has: (pubkey) => database.one('SELECT 1 FROM greeted WHERE pubkey = ?', [pubkey]) !== null,
  add: (pubkey, atMs) => database.write('greeted.add', [pubkey, atMs]),
  countSince: (atMs) => Number(database.one('SELECT count(*) FROM greeted WHERE at >= ?', [atMs])?.[0]),
  countUnrepliedSince: (atMs) =>
    Number(
      database.one(
        // A peer that made room for others counts as well: else a flood of made-up keys would reset the count.
        `SELECT count(*) FROM greeted g LEFT JOIN peers p ON p.pubkey = g.pubkey WHERE g.at >= ?
           AND p.their_hello_at IS NULL AND p.answered_at IS NULL AND p.alias IS NULL
           AND coalesce(p.trust, 'stranger') <> 'contact'`,
        [atMs],
      )?.[0],
    ),
});
