import { dayMs, type Log, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { identityLimits } from '../identity/limits.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { type End, fetchStored } from './fetch-pages.ts';

/** Chunks of one catch-up, each as large as may be held. */
const MOST_CHUNKS = 20;

/** Each kind of message, and how far back its date may be made up: gift wraps hide when they were made (NIP-59). */
const sealed = [
  { kind: kinds.encryptedDm, backdatedMs: 0 },
  { kind: kinds.giftWrap, backdatedMs: identityLimits.wrapBackdatedDays * dayMs },
] as const;

export const sealedKinds: readonly number[] = sealed.map(({ kind }) => kind);

/** Fetches and applies the messages to us that a relay has, dated from then on. */
export type SealedFetch = (url: string, fromMs: UnixMs) => Promise<{ end: End; count: number }>;

export function createSealedFetch(deps: {
  readonly self: Pubkey;
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly log: Log;
  readonly ingestBackfill: (raws: readonly unknown[], url: string) => Promise<void>;
}): SealedFetch {
  const { self, network, store, log } = deps;
  const isKnown = (id: string): boolean => store.peek((tables) => tables.seen.has(id));

  return async (url, fromMs) => {
    let open = sealed.map(({ kind, backdatedMs }) => ({
      kind: kind as number,
      since: Math.max(0, toUnixSec(fromMs - backdatedMs)),
    }));
    let count = 0;
    for (let chunk = 0; chunk < MOST_CHUNKS && open.length > 0; chunk++) {
      const events: NostrEvent[] = [];
      const next: typeof open = [];
      let end: End = 'complete';
      for (const { kind, since } of open) {
        const filter: Filter = { kinds: [kind], '#p': [self], since };
        const found = await fetchStored({ network, log, isKnown }, url, filter);
        events.push(...found.events);
        if (found.end !== 'complete') end = found.end;
        if (found.cutSec !== null) next.push({ kind, since: found.cutSec });
      }
      // In the senders' order: a chunk holds the oldest.
      await deps.ingestBackfill(events, url);
      count += events.length;
      if (end !== 'complete') return { end, count };
      open = next;
    }
    return { end: open.length === 0 ? 'complete' : 'endless', count };
  };
}
