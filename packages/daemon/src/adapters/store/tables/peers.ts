import type { Pubkey, Trust } from '@ocmesh/shared/contract';
import type { PeerRecord } from '../../../core/model/peer.ts';
import type { PeerFilter, PeerSelection, PeersTable } from '../../../core/ports/store.ts';
import type { SqlValue } from '../sql/sql.ts';
import { conditions, contains } from './conditions.ts';
import type { Database } from './database.ts';

const COLUMNS = `pubkey, name, about, version, features, capabilities, trust, alias, note, first_seen, last_seen,
  online_until, offline_since, presence_at_sec, hello, their_hello_at, answered_at`;
/** Peers in the cache, about 1 KB each. */
const CACHED = 2_048;
const ONLINE = 'offline_since IS NULL AND (last_seen >= ? OR online_until >= ?)';
/** Peers that showed that they are ocmesh agents: `isAgent`. */
const AGENT = '(presence_at_sec > 0 OR their_hello_at IS NOT NULL OR version IS NOT NULL)';
/** Contacts, and strangers our agent has written to: the last number of a conversation outlives its messages. */
export const CORRESPONDENT = `(trust = 'contact' OR (trust = 'stranger' AND last_seq > 0))`;

export function createPeersTable(database: Database): PeersTable {
  /** Each presence and message reads its peer several times. A rollback discards this table, and the cache with it. */
  const cache = new Map<Pubkey, PeerRecord>();
  const hasSentMessages = (pubkey: Pubkey): boolean =>
    database.one(`SELECT 1 FROM messages WHERE peer = ? AND direction = 'out' LIMIT 1`, [pubkey]) !== null;
  const count = (): number => Number(database.one('SELECT count(*) FROM peers')?.[0]);

  return {
    get(pubkey) {
      const cached = cache.get(pubkey);
      if (cached) return cached;
      const row = database.one(`SELECT ${COLUMNS} FROM peers WHERE pubkey = ?`, [pubkey]);
      const peer = row && toPeer(row);
      if (cache.size >= CACHED) cache.clear();
      if (peer) cache.set(pubkey, peer);
      return peer;
    },

    put(peer) {
      const before = cache.get(peer.pubkey);
      // As in the statement, `firstSeenMs` never changes.
      if (before) cache.set(peer.pubkey, { ...peer, firstSeenMs: before.firstSeenMs });
      if (before && isSignOfLife(before, peer)) {
        const { pubkey, lastSeenMs, onlineUntilMs, offlineSinceMs, presenceAtSec, answeredAtMs } = peer;
        database.write('peers.saw', [
          lastSeenMs,
          onlineUntilMs,
          offlineSinceMs,
          presenceAtSec,
          answeredAtMs,
          pubkey,
        ]);
        return;
      }
      const isNew = !before && database.one('SELECT 1 FROM peers WHERE pubkey = ?', [peer.pubkey]) === null;
      database.write('peers.put', [
        peer.pubkey,
        peer.name,
        peer.about,
        peer.version,
        JSON.stringify(peer.features),
        JSON.stringify(peer.capabilities),
        peer.trust,
        peer.alias,
        peer.note,
        peer.firstSeenMs,
        peer.lastSeenMs,
        peer.onlineUntilMs,
        peer.offlineSinceMs,
        peer.presenceAtSec,
        peer.hello,
        peer.theirHelloAtMs,
        peer.answeredAtMs,
      ]);
      // A peer that was forgotten comes back: the conversation goes on where it was.
      if (isNew && hasSentMessages(peer.pubkey)) database.write('peers.resumeSeq', [peer.pubkey]);
    },

    list(filter) {
      const { where, parameters } = peerConditions(filter);
      return database
        .all(`SELECT ${COLUMNS} FROM peers ${where} ORDER BY last_seen DESC, pubkey LIMIT ?`, [
          ...parameters,
          filter.limit,
        ])
        .map(toPeer);
    },

    claims(selection) {
      const { where, parameters } = peerConditions(selection, { withBlocked: selection.trust === 'blocked' });
      return database
        .all(`SELECT pubkey, name, about, capabilities, last_seen FROM peers ${where}`, parameters)
        .map(([pubkey, name, about, capabilities, lastSeenMs]) => ({
          pubkey: pubkey as Pubkey,
          name: name as string | null,
          about: about as string | null,
          capabilities: JSON.parse(capabilities as string),
          lastSeenMs: lastSeenMs as number,
        }));
    },
    aliased: () =>
      database
        .all('SELECT pubkey, alias FROM peers WHERE alias IS NOT NULL')
        .map(([pubkey, alias]) => ({ pubkey: pubkey as Pubkey, alias: alias as string })),
    startingWith: (digits) =>
      database
        // `g` comes after every hex digit.
        .all('SELECT pubkey FROM peers WHERE pubkey >= ? AND pubkey < ? LIMIT 100', [digits, `${digits}g`])
        .map(([pubkey]) => pubkey as Pubkey),

    count,
    evict(limit, { answered } = { answered: false }) {
      const before = count();
      database.write('peers.evict', [limit]);
      if (count() === before) database.write('peers.evictRead', [limit]);
      if (answered && count() === before) database.write('peers.evictAnswered', [limit]);
      database.write('relayLists.forgetLeft', []);
      database.write('series.forgetLeft', []);
      cache.clear();
      return before - count();
    },
    countOnline: (nowMs, windowMs) =>
      Number(database.one(`SELECT count(*) FROM peers WHERE ${ONLINE}`, [nowMs - windowMs, nowMs])?.[0]),
    correspondents: () =>
      database.all(`SELECT pubkey FROM peers WHERE ${CORRESPONDENT}`).map(([pubkey]) => pubkey as Pubkey),
    ungreeted: (limit) =>
      database
        .all(
          `SELECT pubkey FROM peers WHERE hello = 'none' AND trust <> 'blocked' AND ${AGENT}
           ORDER BY trust = 'contact' OR alias IS NOT NULL DESC, their_hello_at IS NOT NULL DESC, last_seen DESC LIMIT ?`,
          [limit],
        )
        .map(([pubkey]) => pubkey as Pubkey),

    hasWrittenTo: (pubkey) =>
      database.one('SELECT 1 FROM peers WHERE pubkey = ? AND last_seq > 0', [pubkey]) !== null,
    nextSeq(pubkey) {
      database.write('peers.countMessage', [pubkey]);
      return Number(database.one('SELECT last_seq FROM peers WHERE pubkey = ?', [pubkey])?.[0]);
    },
  };
}

/** Whether only times changed, as with most presences and messages. */
const isSignOfLife = (before: PeerRecord, peer: PeerRecord): boolean =>
  before.name === peer.name &&
  before.about === peer.about &&
  before.version === peer.version &&
  isSame(before.features, peer.features) &&
  isSame(before.capabilities, peer.capabilities) &&
  before.trust === peer.trust &&
  before.alias === peer.alias &&
  before.note === peer.note &&
  before.hello === peer.hello &&
  before.theirHelloAtMs === peer.theirHelloAtMs;

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one === other || (one.length === other.length && one.every((item, n) => item === other[n]));

function peerConditions(
  filter: PeerSelection & Pick<PeerFilter, 'after'>,
  { withBlocked } = { withBlocked: true },
) {
  const { online, trust, feature, capability, q, after } = filter;
  const where = conditions();
  if (!withBlocked) where.add("trust <> 'blocked'");
  if (online) where.add(online.is ? ONLINE : `NOT (${ONLINE})`, online.nowMs - online.windowMs, online.nowMs);
  if (trust) where.add('trust = ?', trust);
  if (feature) where.add('EXISTS (SELECT 1 FROM json_each(features) WHERE value = ?)', feature);
  if (capability) where.add('EXISTS (SELECT 1 FROM json_each(capabilities) WHERE value = ?)', capability);
  if (q) where.add(...contains(['name', 'alias', 'about', 'pubkey'], q));
  if (after)
    where.add(
      '(last_seen < ? OR (last_seen = ? AND pubkey > ?))',
      after.lastSeenMs,
      after.lastSeenMs,
      after.pubkey,
    );
  return where.build();
}

const toPeer = (row: SqlValue[]): PeerRecord => ({
  pubkey: row[0] as Pubkey,
  name: row[1] as string | null,
  about: row[2] as string | null,
  version: row[3] as string | null,
  features: JSON.parse(row[4] as string),
  capabilities: JSON.parse(row[5] as string),
  trust: row[6] as Trust,
  alias: row[7] as string | null,
  note: row[8] as string | null,
  firstSeenMs: row[9] as number,
  lastSeenMs: row[10] as number,
  onlineUntilMs: row[11] as number,
  offlineSinceMs: row[12] as number | null,
  presenceAtSec: row[13] as number,
  hello: row[14] as PeerRecord['hello'],
  theirHelloAtMs: row[15] as number | null,
  answeredAtMs: row[16] as number | null,
});
