import type { UnixMs } from '@ocmesh/shared/ambient';
import { toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { isExpired, type NostrEvent, parseEvent, presenceFilter } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { meshLimits } from './limits.ts';

const { pages, pageEvents } = meshLimits.scan;

/** One page of presences, as a relay sent it. */
export interface PresencePage {
  readonly events: readonly NostrEvent[];
  /** Those that tell us something, and were not on an earlier page. */
  readonly news: readonly NostrEvent[];
  readonly bytes: number;
  /** The relay has no older ones, as far as we can tell. */
  readonly isLast: boolean;
}

export interface ScanOptions {
  /** Returns since when presences are wanted. Called for each page, which may show that we have to look further back. */
  readonly sinceSec: () => number;
  /** Events of the first page. */
  readonly firstRows: number;
  readonly onPage: (page: PresencePage) => void;
  /** Whether to go on after this page, if there are older ones. */
  readonly goesOn: (page: PresencePage) => boolean;
}

export interface ScanDeps {
  readonly network: RelayNetwork;
  readonly self: Pubkey;
  readonly isNews: (presence: NostrEvent) => boolean;
  /** Checks and stores events. Resolves when they are on disk. */
  readonly ingest: (events: readonly NostrEvent[], url: string) => Promise<void>;
}

/** Fetches the presences that a relay has, the newest first, page by page, and takes those that we do not know. */
export function createScanRelay({ network, self, isNews, ingest }: ScanDeps) {
  /** @returns the page, and where the next one starts; null if the relay does not answer */
  async function readPage(url: string, range: Range, seen: Set<string>) {
    const { complete, events: raws, rows, bytes, hint } = await network.query(url, [presenceFilter(range)]);
    if (!complete) return null;
    const events = raws.flatMap((raw) => parseEvent(raw) ?? []);
    const fresh = events.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    const dates = events.map((event) => event.created_at);
    const oldestSec = Math.min(...dates);
    const isLast =
      fresh.length === 0 || hint === 'finish' || (hint === null && !mayHaveMore(rows, range.limit));
    // The second in which a page ends may go on; a page within one second is left behind.
    const until = oldestSec === Math.max(...dates) ? oldestSec - 1 : oldestSec;
    return { page: { events, news: fresh.filter(isNews), bytes, isLast }, until };
  }

  /** @returns whether the relay sent everything that was wanted */
  return async function scanRelay(url: string, options: ScanOptions): Promise<boolean> {
    const seen = new Set<string>();
    let range: Range = { since: options.sinceSec(), limit: options.firstRows };
    for (let count = 0; count < pages; count++) {
      const read = await readPage(url, range, seen);
      if (!read) return false;
      const { page, until } = read;
      options.onPage(page);
      // Our own presence is no news, but may be that of another daemon with our key.
      const taken = [...page.news, ...page.events.filter(({ pubkey }) => pubkey === self)];
      if (taken.length > 0) await ingest(taken, url);
      if (page.isLast || until < options.sinceSec() || !options.goesOn(page)) return true;
      range = { since: options.sinceSec(), until, limit: pageEvents };
    }
    return true;
  };
}

interface Range {
  readonly since: number;
  readonly until?: number;
  readonly limit: number;
}

/** Whether a relay that sent so many events may have more: it sent all that were asked for, or a round number, its own limit. */
const mayHaveMore = (rows: number, limit: number): boolean => rows >= limit || (rows > 0 && rows % 10 === 0);

/** Returns a function that tells whether a presence says more than we know. Others need no signature check. */
export function createIsNews({
  self,
  store,
  correctedNow,
}: {
  readonly self: Pubkey;
  readonly store: Store;
  readonly correctedNow: () => UnixMs;
}): (presence: NostrEvent) => boolean {
  return (event: NostrEvent): boolean => {
    if (event.pubkey === self || isExpired(event, toUnixSec(correctedNow()))) return false;
    const known = store.peek(({ peers }) => peers.get(event.pubkey));
    return !known || known.presenceAtSec < event.created_at;
  };
}
