import type {
  IdempotencyTable,
  MetaTable,
  RelayChoicesTable,
  RelayListsTable,
  RelaysTable,
  SeenTable,
  SeriesTable,
} from '../../../core/ports/store.ts';
import type { Database } from './database.ts';

export const createMetaTable = (database: Database): MetaTable => ({
  get: (key) => (database.one('SELECT value FROM meta WHERE key = ?', [key])?.[0] ?? null) as string | null,
  set: (key, value) => database.write('meta.set', [key, value]),
});

export function createSeenTable(database: Database): SeenTable {
  const sinceAll = (): number =>
    Number(database.one("SELECT value FROM meta WHERE key = 'seen_since_ms'")?.[0] ?? 0);
  return {
    has: (eventId) =>
      database.one('SELECT 1 FROM seen WHERE event_id = ?', [eventId]) !== null ||
      database.one('SELECT 1 FROM ignored WHERE event_id = ?', [eventId]) !== null,
    hasRemoved: (peer, id) =>
      database.one('SELECT 1 FROM ignored WHERE event_id = ?', [`${peer} ${id}`]) !== null,
    add: (eventId, atMs, url) => database.write('seen.addFrom', [eventId, atMs, url]),
    addIgnored: (eventId, atMs) => database.write('ignored.add', [eventId, atMs]),
    forgetBefore(atMs) {
      const sinceMs = Math.max(atMs, sinceAll());
      database.write('seen.forget', [sinceMs]);
      database.write('ignored.forget', [sinceMs]);
      database.write('meta.set', ['seen_since_ms', String(sinceMs)]);
    },
    countByRelay: () =>
      database
        .all('SELECT relay, count(*) FROM seen GROUP BY relay')
        .map(([url, count]) => ({ url: url as string, count: count as number })),
    keepNewestOf(url, count, atMostMs) {
      const row = database.one('SELECT at FROM seen WHERE relay = ? ORDER BY at DESC LIMIT 1 OFFSET ?', [
        url,
        count - 1,
      ]);
      if (!row) return;
      const sinceMs = Math.min(row[0] as number, atMostMs);
      database.write('seen.forgetFrom', [url, sinceMs]);
      database.write('relays.setKnownSince', [url, sinceMs]);
    },
    countIgnored: () => Number(database.one('SELECT count(*) FROM ignored')?.[0]),
    keepNewestIgnored(count) {
      const row = database.one('SELECT at FROM ignored ORDER BY at DESC LIMIT 1 OFFSET ?', [count - 1]);
      if (row) database.write('ignored.forget', [row[0] as number]);
    },
    knownSinceMs(url) {
      const ofRelay = database.one('SELECT known_since FROM relays WHERE url = ?', [url])?.[0] ?? 0;
      return Math.max(sinceAll(), Number(ofRelay));
    },
  };
}

export const createSeriesTable = (database: Database): SeriesTable => ({
  get(peer) {
    const row = database.one(
      'SELECT series, last_seq, last_written, last_arrival, from_written FROM series WHERE peer = ?',
      [peer],
    ) as [number, number, number, number, number] | null;
    if (!row) return null;
    const [series, lastSeq, lastWrittenMs, lastArrival, fromWrittenMs] = row;
    return { series, lastSeq, lastWrittenMs, lastArrival, fromWrittenMs };
  },
  put: (peer, { series, lastSeq, lastWrittenMs, lastArrival, fromWrittenMs }) =>
    database.write('series.put', [peer, series, lastSeq, lastWrittenMs, lastArrival, fromWrittenMs]),
});

export const createRelaysTable = (database: Database): RelaysTable => ({
  cursor: (url) =>
    (database.one('SELECT cursor FROM relays WHERE url = ?', [url])?.[0] ?? null) as number | null,
  setCursor: (url, atMs) => database.write('relays.setCursor', [url, atMs]),
  wantingFreshDates: () =>
    database.all('SELECT url FROM relays WHERE fresh_dates_since IS NOT NULL').map(([url]) => url as string),
  wantFreshDates: (url, sinceMs) => database.write('relays.wantFreshDates', [url, sinceMs]),
});

/** Kind of the row with the relays that the owner named: no relay list has it. */
const HINTS = 0;

export function createRelayListsTable(database: Database): RelayListsTable {
  const get: RelayListsTable['get'] = (pubkey, kind) => {
    const row = database.one('SELECT created_at_sec, urls FROM relay_lists WHERE pubkey = ? AND kind = ?', [
      pubkey,
      kind,
    ]);
    return row && { createdAtSec: row[0] as number, urls: JSON.parse(row[1] as string) as string[] };
  };
  const put: RelayListsTable['put'] = (pubkey, kind, createdAtSec, urls) =>
    database.write('relayLists.put', [pubkey, kind, createdAtSec, JSON.stringify(urls)]);
  return {
    get,
    put,
    hints: (pubkey) => get(pubkey, HINTS)?.urls ?? [],
    setHints: (pubkey, urls) => put(pubkey, HINTS, 0, urls),
  };
}

export const createRelayChoicesTable = (database: Database): RelayChoicesTable => ({
  list: () =>
    database
      .all('SELECT url, wanted FROM relay_choices ORDER BY at, url')
      .map(([url, wanted]) => ({ url: url as string, wanted: wanted === 1 })),
  put: (url, wanted, atMs) => database.write('relayChoices.put', [url, Number(wanted), atMs]),
});

export const createIdempotencyTable = (database: Database): IdempotencyTable => ({
  get(key, sinceMs) {
    const row = database.one('SELECT request, answer FROM idempotency WHERE key = ? AND at >= ?', [
      key,
      sinceMs,
    ]);
    return row && { call: row[0] as string, response: row[1] as string };
  },
  put(key, call, response, atMs, forgetBeforeMs) {
    database.write('idempotency.forget', [key, forgetBeforeMs]);
    database.write('idempotency.put', [key, call, response, atMs]);
  },
});
