import { dayMs, type Log, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { identityLimits } from '../identity/limits.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { type End, fetchPages } from './fetch-pages.ts';

/** Chunks of one catch-up, each as large as may be held in memory. */
const MAX_CHUNKS = 20;

/** The kinds of messages, and how far their events are back-dated: gift wraps hide when they were made (NIP-59). */
const messages = [
  { kind: kinds.encryptedDm, backDatedMs: 0 },
  { kind: kinds.giftWrap, backDatedMs: identityLimits.wrapBackdatedDays * dayMs },
] as const;

export const messageKinds: readonly number[] = messages.map(({ kind }) => kind);

/** Fetches and applies the messages to us that a relay has, from this date on. */
export type FetchMessages = (url: string, fromMs: UnixMs) => Promise<{ end: End; count: number }>;

export function createFetchMessages(deps: {
  readonly self: Pubkey;
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly log: Log;
  readonly ingestBackfill: (raws: readonly unknown[], url: string) => Promise<void>;
}): FetchMessages {
  const { self, network, store, log } = deps;
  const isKnown = (id: string): boolean => store.peek((tables) => tables.seen.has(id));

  return async (url, fromMs) => {
    /** Kinds of which the relay has more, and where to continue. */
    let open = messages.map(({ kind, backDatedMs }) => ({
      kind: kind as number,
      since: Math.max(0, toUnixSec(fromMs - backDatedMs)),
    }));
    let count = 0;
    for (let chunk = 0; chunk < MAX_CHUNKS && open.length > 0; chunk++) {
      const events: NostrEvent[] = [];
      const next: typeof open = [];
      let end: End = 'complete';
      for (const { kind, since } of open) {
        const filter: Filter = { kinds: [kind], '#p': [self], since };
        const found = await fetchPages({ network, log, isKnown }, url, filter);
        events.push(...found.events);
        if (found.end !== 'complete') end = found.end;
        if (found.cutSec !== null) next.push({ kind, since: found.cutSec });
      }
      // Applied in the senders' order: a chunk holds the oldest that are left.
      await deps.ingestBackfill(events, url);
      count += events.length;
      if (end !== 'complete') return { end, count };
      open = next;
    }
    return { end: open.length === 0 ? 'complete' : 'endless', count };
  };
}
