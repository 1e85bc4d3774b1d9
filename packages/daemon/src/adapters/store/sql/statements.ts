import type { SqlValue } from './sql.ts';

// All statements that change the store. The journal refers to them by their position in this list, so it only grows at
// its end, and a text never changes. No now(), no random(), no value that depends on anything but the database and the
// parameters: a replay must do exactly the same. The third column is the last schema that has the statement: journals are
// replayed before migration, so old ones still need it.

/** An executed statement, as the journal stores it: number and parameters. */
export type Command = readonly [statement: number, ...parameters: SqlValue[]];

/**
 * Messages that may be removed: read or no longer in the outbox, and with no receipt due; with ?1 also unread ones of
 * strangers.
 */
const PRUNABLE = `SELECT arrival FROM messages m
  WHERE m.receipt_due = 'none' AND m.arrived_at < ?2 AND (
    (m.direction = 'in' AND (m.read = 1
      OR (?1 AND NOT EXISTS (SELECT 1 FROM peers p WHERE p.pubkey = m.peer AND p.trust = 'contact'))))
    OR (m.direction = 'out' AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.event_id = m.event_id)))
  ORDER BY arrival LIMIT ?3`;

/** The oldest messages of one peer that nobody waits for: of a blocked peer, all. */
const REMOVABLE_RECEIVED = `FROM messages m WHERE m.peer = ?1 AND m.direction = 'in'
  AND ((m.read = 1 AND m.receipt_due = 'none') OR EXISTS (SELECT 1 FROM peers p WHERE p.pubkey = ?1 AND p.trust = 'blocked'))
  ORDER BY m.arrival LIMIT ?2`;
const REMOVABLE_SENT = `FROM messages m WHERE m.peer = ?1 AND m.direction = 'out'
  AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.event_id = m.event_id) ORDER BY m.arrival LIMIT ?2`;

const list = [
  [
    'meta.set',
    'INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value',
  ],
  [
    'peers.put',
    `INSERT INTO peers(pubkey, name, about, version, features, capabilities, trust, alias, first_seen, last_seen,
       offline_since, presence_at_sec, hello, their_hello_at, answered_at)
     VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT(pubkey) DO UPDATE SET name = excluded.name, about = excluded.about, version = excluded.version,
       features = excluded.features, capabilities = excluded.capabilities, trust = excluded.trust,
       alias = excluded.alias, last_seen = excluded.last_seen, offline_since = excluded.offline_since,
       presence_at_sec = excluded.presence_at_sec, hello = excluded.hello,
       their_hello_at = excluded.their_hello_at, answered_at = excluded.answered_at`,
    2,
  ],
  ['peers.countMessage', 'UPDATE peers SET last_seq = last_seq + 1 WHERE pubkey = ?'],
  [
    'messages.insert',
    `INSERT INTO messages(arrival, id, event_id, peer, direction, type, content, data, reply_to, thread, timestamp,
       arrived_at, read, state, delivered_at, read_at, receipt_due)
     VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    1,
  ],
  ['messages.setState', 'UPDATE messages SET state = ? WHERE id = ?'],
  ['messages.setDelivered', 'UPDATE messages SET delivered_at = coalesce(delivered_at, ?) WHERE id = ?'],
  ['messages.setReadByPeer', 'UPDATE messages SET read_at = ? WHERE id = ?'],
  ['messages.markRead', 'UPDATE messages SET read = 1 WHERE id = ?'],
  ['messages.setReceiptDue', 'UPDATE messages SET receipt_due = ? WHERE id = ?'],
  [
    'outbox.insert',
    'INSERT INTO outbox(event_id, event, peer, purpose, attempts, due_at, expires_at) VALUES(?, ?, ?, ?, ?, ?, ?)',
    1,
  ],
  ['outbox.reschedule', 'UPDATE outbox SET due_at = ?, attempts = ? WHERE event_id = ?', 1],
  [
    'outbox.wake',
    `UPDATE outbox SET due_at = ? WHERE (due_at IS NULL OR due_at > ?) AND NOT EXISTS
       (SELECT 1 FROM relay_outcomes r WHERE r.event_id = outbox.event_id AND r.url = ? AND r.final = 1)`,
    1,
  ],
  ['outbox.remove', 'DELETE FROM outbox WHERE event_id = ?'],
  [
    'outcomes.record',
    `INSERT INTO relay_outcomes(event_id, url, outcome, reason, final, at) VALUES(?, ?, ?, ?, ?, ?)
     ON CONFLICT(event_id, url) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason,
       final = excluded.final, at = excluded.at WHERE final = 0`,
  ],
  [
    'outcomes.forget',
    'DELETE FROM relay_outcomes WHERE event_id = ? AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.event_id = ?)',
  ],
  [
    'outcomes.prune',
    `DELETE FROM relay_outcomes WHERE event_id IN (SELECT event_id FROM messages WHERE arrival IN (${PRUNABLE}))`,
  ],
  ['messages.prune', `DELETE FROM messages WHERE arrival IN (${PRUNABLE})`],
  ['seen.forget', 'DELETE FROM seen WHERE at < ?'],
  ['seen.add', 'INSERT OR IGNORE INTO seen(event_id, at) VALUES(?, ?)'],
  [
    'relays.setCursor',
    'INSERT INTO relays(url, cursor) VALUES(?, ?) ON CONFLICT(url) DO UPDATE SET cursor = excluded.cursor',
  ],
  ['idempotency.forget', 'DELETE FROM idempotency WHERE key = ? OR at < ?'],
  ['idempotency.put', 'INSERT INTO idempotency(key, request, answer, at) VALUES(?, ?, ?, ?)'],
  [
    'messages.insert',
    `INSERT INTO messages(arrival, id, event_id, peer, direction, type, content, data, reply_to, thread, timestamp,
       arrived_at, read, state, delivered_at, read_at, receipt_due, seq)
     VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    2,
  ],
  ['messages.setEvent', 'UPDATE messages SET event_id = ? WHERE event_id = ?'],
  [
    'outbox.insert',
    'INSERT INTO outbox(event_id, event, peer, purpose, expires_at) VALUES(?, ?, ?, ?, ?)',
    3,
  ],
  ['outbox.setEvent', 'UPDATE outbox SET event_id = ?, event = ? WHERE event_id = ?'],
  ['outcomes.setEvent', 'UPDATE relay_outcomes SET event_id = ? WHERE event_id = ?'],
  [
    'relayLists.put',
    `INSERT INTO relay_lists(pubkey, kind, created_at_sec, urls) VALUES(?, ?, ?, ?)
     ON CONFLICT(pubkey, kind) DO UPDATE SET created_at_sec = excluded.created_at_sec, urls = excluded.urls`,
  ],
  [
    'relayChoices.put',
    `INSERT INTO relay_choices(url, wanted, at) VALUES(?, ?, ?)
     ON CONFLICT(url) DO UPDATE SET wanted = excluded.wanted, at = excluded.at`,
  ],
  [
    'peers.put',
    `INSERT INTO peers(pubkey, name, about, version, features, capabilities, trust, alias, note, first_seen, last_seen,
       offline_since, presence_at_sec, hello, their_hello_at, answered_at)
     VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT(pubkey) DO UPDATE SET name = excluded.name, about = excluded.about, version = excluded.version,
       features = excluded.features, capabilities = excluded.capabilities, trust = excluded.trust,
       alias = excluded.alias, note = excluded.note, last_seen = excluded.last_seen,
       offline_since = excluded.offline_since, presence_at_sec = excluded.presence_at_sec, hello = excluded.hello,
       their_hello_at = excluded.their_hello_at, answered_at = excluded.answered_at`,
    3,
  ],
  [
    'peers.evict',
    `DELETE FROM peers WHERE pubkey IN (
       SELECT pubkey FROM peers p WHERE trust = 'stranger' AND alias IS NULL AND note IS NULL AND last_seq = 0
         AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.peer = p.pubkey)
         AND NOT EXISTS (SELECT 1 FROM held h WHERE h.peer = p.pubkey)
         AND NOT EXISTS (SELECT 1 FROM contact_wishes w WHERE w.peer = p.pubkey)
       ORDER BY last_seen, pubkey LIMIT ?)`,
  ],
  [
    'messages.insert',
    `INSERT INTO messages(arrival, id, event_id, peer, direction, type, content, data, reply_to, thread, timestamp,
       arrived_at, read, state, delivered_at, read_at, receipt_due, seq, auto, hops)
     VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    3,
  ],
  ['held.put', 'INSERT OR IGNORE INTO held(id, peer, at, message) VALUES(?, ?, ?, ?)'],
  ['held.removeOf', 'DELETE FROM held WHERE peer = ?'],
  ['held.forget', 'DELETE FROM held WHERE at < ?'],
  ['pendingContacts.put', 'INSERT OR IGNORE INTO contact_wishes(peer, at, content) VALUES(?, ?, ?)'],
  ['pendingContacts.remove', 'DELETE FROM contact_wishes WHERE peer = ?'],
  ['pendingContacts.forget', 'DELETE FROM contact_wishes WHERE at < ?'],
  [
    'loops.set',
    `INSERT INTO loop_pauses(peer, paused_at, count_from) VALUES(?, ?, ?)
     ON CONFLICT(peer) DO UPDATE SET paused_at = excluded.paused_at, count_from = excluded.count_from`,
  ],
  [
    'peers.saw',
    'UPDATE peers SET last_seen = ?, offline_since = ?, presence_at_sec = ?, answered_at = ? WHERE pubkey = ?',
    3,
  ],
  ['greeted.add', 'INSERT OR IGNORE INTO greeted(pubkey, at) VALUES(?, ?)'],
  [
    'peers.evictRead',
    `DELETE FROM peers WHERE pubkey IN (
       SELECT pubkey FROM peers p WHERE trust = 'stranger' AND alias IS NULL AND note IS NULL AND last_seq = 0
         AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.peer = p.pubkey AND (m.read = 0 OR m.receipt_due <> 'none'))
         AND NOT EXISTS (SELECT 1 FROM held h WHERE h.peer = p.pubkey)
         AND NOT EXISTS (SELECT 1 FROM contact_wishes w WHERE w.peer = p.pubkey)
       ORDER BY last_seen, pubkey LIMIT ?)`,
  ],
  ['relayLists.forgetLeft', 'DELETE FROM relay_lists WHERE pubkey NOT IN (SELECT pubkey FROM peers)'],
  [
    'messages.insert',
    `INSERT INTO messages(arrival, id, event_id, peer, direction, type, content, data, reply_to, thread, timestamp,
       arrived_at, read, state, delivered_at, read_at, receipt_due, seq, auto, hops, place, rank, series, missing,
       written, recipients, subject, expires_at)
     VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ],
  ['messages.setMissing', 'UPDATE messages SET missing = ? WHERE arrival = ?'],
  [
    'series.put',
    `INSERT INTO series(peer, series, last_seq, last_written, last_arrival, from_written) VALUES(?, ?, ?, ?, ?, ?)
     ON CONFLICT(peer) DO UPDATE SET series = excluded.series, last_seq = excluded.last_seq,
       last_written = excluded.last_written, last_arrival = excluded.last_arrival,
       from_written = excluded.from_written`,
  ],
  [
    'outcomes.expire',
    'DELETE FROM relay_outcomes WHERE event_id IN (SELECT event_id FROM messages WHERE expires_at <= ?)',
  ],
  ['messages.expire', 'DELETE FROM messages WHERE expires_at <= ?'],
  ['series.forgetLeft', 'DELETE FROM series WHERE peer NOT IN (SELECT pubkey FROM peers)'],
  [
    'outbox.insert',
    `INSERT INTO outbox(event_id, event, peer, purpose, expires_at, created_at, payload)
     VALUES(?, ?, ?, ?, ?, ?, ?)`,
  ],
  [
    'relays.wantFreshDates',
    `INSERT INTO relays(url, fresh_dates_since) VALUES(?, ?)
     ON CONFLICT(url) DO UPDATE SET fresh_dates_since = coalesce(fresh_dates_since, excluded.fresh_dates_since)`,
  ],
  [
    'times.moveOutbox',
    'UPDATE outbox SET created_at = created_at + ?2, expires_at = expires_at + ?2 WHERE created_at >= ?1',
  ],
  ['times.moveMessages', 'UPDATE messages SET arrived_at = arrived_at + ?2 WHERE arrived_at >= ?1'],
  ['times.moveSeen', 'UPDATE seen SET at = at + ?2 WHERE at >= ?1'],
  ['times.moveHeld', 'UPDATE held SET at = at + ?2 WHERE at >= ?1'],
  ['times.movePendingContacts', 'UPDATE contact_wishes SET at = at + ?2 WHERE at >= ?1'],
  ['times.moveIdempotency', 'UPDATE idempotency SET at = at + ?2 WHERE at >= ?1'],
  ['times.moveGreeted', 'UPDATE greeted SET at = at + ?2 WHERE at >= ?1'],
  ['times.movePauses', 'UPDATE loop_pauses SET paused_at = paused_at + ?2 WHERE paused_at >= ?1'],
  ['times.moveCounts', 'UPDATE loop_pauses SET count_from = count_from + ?2 WHERE count_from >= ?1'],
  ['seen.addFrom', 'INSERT OR IGNORE INTO seen(event_id, at, relay) VALUES(?, ?, ?)'],
  ['seen.forgetFrom', 'DELETE FROM seen WHERE relay = ? AND at < ?'],
  [
    'relays.setKnownSince',
    `INSERT INTO relays(url, known_since) VALUES(?, ?)
     ON CONFLICT(url) DO UPDATE SET known_since = max(known_since, excluded.known_since)`,
  ],
  ['ignored.add', 'INSERT OR IGNORE INTO ignored(event_id, at) VALUES(?, ?)'],
  ['ignored.forget', 'DELETE FROM ignored WHERE at < ?'],
  ['times.moveIgnored', 'UPDATE ignored SET at = at + ?2 WHERE at >= ?1'],
  ['times.moveKnownSince', 'UPDATE relays SET known_since = known_since + ?2 WHERE known_since >= ?1'],
  [
    'outcomes.removeReceived',
    `DELETE FROM relay_outcomes WHERE event_id IN (SELECT m.event_id ${REMOVABLE_RECEIVED})`,
  ],
  [
    'messages.removeReceived',
    `DELETE FROM messages WHERE arrival IN (SELECT m.arrival ${REMOVABLE_RECEIVED})`,
  ],
  [
    'outcomes.removeSent',
    `DELETE FROM relay_outcomes WHERE event_id IN (SELECT m.event_id ${REMOVABLE_SENT})`,
  ],
  ['messages.removeSent', `DELETE FROM messages WHERE arrival IN (SELECT m.arrival ${REMOVABLE_SENT})`],
  [
    'peers.evictAnswered',
    `DELETE FROM peers WHERE pubkey IN (
       SELECT pubkey FROM peers p WHERE trust = 'stranger' AND alias IS NULL AND note IS NULL AND last_seq > 0
         AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.peer = p.pubkey AND (m.read = 0 OR m.receipt_due <> 'none'))
         AND NOT EXISTS (SELECT 1 FROM held h WHERE h.peer = p.pubkey)
         AND NOT EXISTS (SELECT 1 FROM contact_wishes w WHERE w.peer = p.pubkey)
         AND pubkey NOT IN (SELECT peer FROM outbox o WHERE NOT EXISTS (
           SELECT 1 FROM relay_outcomes r WHERE r.event_id = o.event_id AND r.outcome = 'accepted'))
       ORDER BY last_seen, pubkey LIMIT ?)`,
  ],
  [
    'peers.resumeSeq',
    `UPDATE peers SET last_seq = coalesce((SELECT max(seq) FROM messages WHERE peer = ?1 AND direction = 'out'), 0)
     WHERE pubkey = ?1`,
  ],
  ['times.moveIgnored', 'UPDATE ignored SET at = at + ?2 WHERE at >= ?1'],
  ['times.moveKnownSince', 'UPDATE relays SET known_since = known_since + ?2 WHERE known_since >= ?1'],
  [
    'outcomes.revoke',
    `UPDATE relay_outcomes SET outcome = 'dropped', reason = ?, final = 0, at = ? WHERE event_id = ? AND url = ?`,
  ],
  ['held.expire', "DELETE FROM held WHERE coalesce(json_extract(message, '$.expiresAtMs') <= ?, 0)"],
  [
    'peers.put',
    `INSERT INTO peers(pubkey, name, about, version, features, capabilities, trust, alias, note, first_seen, last_seen,
       online_until, offline_since, presence_at_sec, hello, their_hello_at, answered_at)
     VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT(pubkey) DO UPDATE SET name = excluded.name, about = excluded.about, version = excluded.version,
       features = excluded.features, capabilities = excluded.capabilities, trust = excluded.trust,
       alias = excluded.alias, note = excluded.note, last_seen = excluded.last_seen,
       online_until = excluded.online_until, offline_since = excluded.offline_since,
       presence_at_sec = excluded.presence_at_sec, hello = excluded.hello,
       their_hello_at = excluded.their_hello_at, answered_at = excluded.answered_at`,
  ],
  [
    'peers.saw',
    `UPDATE peers SET last_seen = ?, online_until = ?, offline_since = ?, presence_at_sec = ?, answered_at = ?
     WHERE pubkey = ?`,
  ],
  [
    'owner.put',
    `INSERT INTO owner(id, pubkey, code, tries_left, named_at, quiet_hours, mail_alarm) VALUES(1, ?, ?, ?, ?, ?, ?)
     ON CONFLICT(id) DO UPDATE SET pubkey = excluded.pubkey, code = excluded.code, tries_left = excluded.tries_left,
       named_at = excluded.named_at, quiet_hours = excluded.quiet_hours, mail_alarm = excluded.mail_alarm`,
  ],
  ['owner.remove', 'DELETE FROM owner'],
  [
    'ownerRequests.put',
    `INSERT INTO owner_requests(number, kind, peer, since, sent_at, dated_sec, choice) VALUES(?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT(number) DO UPDATE SET choice = excluded.choice`,
  ],
  ['ownerRequests.forget', 'DELETE FROM owner_requests WHERE sent_at < ?'],
  ['ownerRequests.removeAll', 'DELETE FROM owner_requests'],
  ['times.moveOwner', 'UPDATE owner SET named_at = named_at + ?2 WHERE named_at >= ?1'],
  ['times.moveOwnerWaits', 'UPDATE owner_requests SET since = since + ?2 WHERE since >= ?1'],
  ['times.moveOwnerRequests', 'UPDATE owner_requests SET sent_at = sent_at + ?2 WHERE sent_at >= ?1'],
  [
    'ignored.addRemoved',
    `INSERT OR IGNORE INTO ignored(event_id, at) SELECT peer || ' ' || id, arrived_at FROM
       (SELECT m.peer, m.id, m.event_id, m.arrived_at ${REMOVABLE_RECEIVED}) WHERE id <> event_id`,
  ],
] as const;

type Current = Extract<(typeof list)[number], readonly [string, string]>;
export type StatementName = Current[0];

const numbers = new Map<string, number>(
  list.flatMap(([name, , lastSchema], number) => (lastSchema === undefined ? [[name, number] as const] : [])),
);

export const statementNumber = (name: StatementName): number => numbers.get(name) as number;

/** @throws if an ocmesh that knows more statements wrote the journal */
export function statementText(number: number): string {
  const row = list[number];
  if (!row) throw new Error(`it uses statement ${number}, which this ocmesh does not know`);
  return row[1];
}

/** Returns the last schema that has this statement; undefined if it is in use. */
export const lastSchemaOf = (number: number): number | undefined => list[number]?.[2];
