import { type Log, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { backDatedMs } from '../identity/back-dated.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { type End, type Found, fetchPages } from './fetch-pages.ts';
import { catchUpLimits } from './limits.ts';

/** Chunks of one catch-up, each as large as may be held in memory. */
const MAX_CHUNKS = 20;

export const messageKinds: readonly number[] = [kinds.encryptedDm, kinds.giftWrap];

/**
 * Returns the filters of the permanent subscription: new messages, whatever their date, and pings, which no query finds. One stored message comes with it:
 * relays disagree on what `limit: 0` means. Some never send EOSE, some refuse it, some read it as no limit.
 */
export const liveFilters = (self: Pubkey): Filter[] => [
  { kinds: [...messageKinds, kinds.ephemeralWrap], '#p': [self], limit: 1 },
];

/** Fetches and applies the messages to us that a relay has, from this date on. */
export type FetchMessages = (url: string, fromMs: UnixMs) => Promise<{ end: End; count: number }>;

/** A kind of which the relay has more, and where to continue. */
interface Open {
  readonly kind: number;
  readonly since: number;
}

export function createFetchMessages(deps: {
  readonly self: Pubkey;
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly log: Log;
  readonly ingestBackfill: (raws: readonly unknown[], url: string) => Promise<void>;
}): FetchMessages {
  const { self, network, store, log } = deps;
  const isKnown = (id: string): boolean => store.peek((tables) => tables.seen.has(id));
  const fetch = (url: string, filter: Filter): Promise<Found> =>
    fetchPages({ network, log, isKnown }, url, filter);

  /**
   * Fetches one kind. What a flood hides from us, we ask for by its authors: it cannot hide the messages of contacts
   * and of those our agent wrote to. Gift wraps name no author.
   */
  async function fetchKind(url: string, { kind, since }: Open): Promise<readonly Found[]> {
    const filter: Filter = { kinds: [kind], '#p': [self], since };
    const found = [await fetch(url, filter)];
    if (kind !== kinds.encryptedDm || found[0]?.end !== 'incomplete') return found;
    const authors = store.peek((tables) => tables.peers.correspondents()).slice(0, catchUpLimits.authors);
    for (let from = 0; from < authors.length; from += catchUpLimits.authorsPerFilter) {
      const some = authors.slice(from, from + catchUpLimits.authorsPerFilter);
      found.push(await fetch(url, { ...filter, authors: some }));
    }
    return found;
  }

  return async (url, fromMs) => {
    let open: readonly Open[] = messageKinds.map((kind) => ({
      kind,
      since: Math.max(0, toUnixSec(fromMs - backDatedMs(kind))),
    }));
    let count = 0;
    let isWhole = true;
    for (let chunk = 0; chunk < MAX_CHUNKS && open.length > 0; chunk++) {
      const events = new Map<string, NostrEvent>();
      const next: Open[] = [];
      let isBroken = false;
      for (const one of open) {
        const found = await fetchKind(url, one);
        for (const event of found.flatMap((part) => part.events)) events.set(event.id + event.sig, event);
        isBroken ||= found.some(({ end }) => end === 'broken');
        isWhole &&= found.every(({ end }) => end === 'complete');
        const cuts = found.flatMap(({ cutSec }) => cutSec ?? []);
        if (cuts.length > 0) next.push({ kind: one.kind, since: Math.min(...cuts) });
      }
      // Applied in the senders' order: a chunk holds the oldest that are left.
      await deps.ingestBackfill([...events.values()], url);
      count += events.size;
      if (isBroken) return { end: 'broken', count };
      open = next;
    }
    return { end: isWhole && open.length === 0 ? 'complete' : 'incomplete', count };
  };
}
