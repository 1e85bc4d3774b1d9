import type { Clock, Log, UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { ingestLimits } from '../ingest/limits.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { afterSignOfLife, isOnline, type PeerRecord } from '../model/peer.ts';
import type { Store } from '../ports/store.ts';

/** Stores that a peer gave a sign of life, or that it did not when it should have. */
export function createSignsOfLife(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    readonly emit: (events: readonly DomainEvent[]) => void;
  },
  { onlineWindowMs }: { readonly onlineWindowMs: number },
) {
  const { store, clock, log, emit } = deps;
  const isOnlineNow = (peer: PeerRecord): boolean => isOnline(peer, clock.now(), onlineWindowMs);

  return {
    isOnlineNow,
    async noteAlive(pubkey: Pubkey, seenMs: UnixMs): Promise<void> {
      const known = store.peek(({ peers }) => peers.get(pubkey));
      const isRepeat = known !== null && isOnlineNow(known);
      const peer = await store.transaction(
        ({ peers }) => {
          const before = peers.get(pubkey);
          const now = before && afterSignOfLife(before, seenMs);
          if (now) peers.put(now);
          return now;
        },
        () => (isRepeat ? ingestLimits.signOfLifeSeconds * 1000 : 0),
      );
      if (peer) emit([{ type: 'peer.seen', peer, ...(isRepeat ? { isRepeat } : {}) }]);
    },
    /**
     * Shows the peer as offline, unless it gave a sign of life since then.
     * @returns whether it is offline now because of this
     */
    async noteSilent(pubkey: Pubkey, sinceMs: UnixMs): Promise<boolean> {
      const peer = await store.transaction(({ peers }) => {
        const before = peers.get(pubkey);
        if (!before || !isOnlineNow(before) || before.lastSeenMs >= sinceMs) return null;
        const now = { ...before, offlineSinceMs: clock.now() };
        peers.put(now);
        return now;
      });
      if (!peer) return false;
      log.info('a peer does not reply to pings and counts as offline', { peer: pubkey });
      emit([{ type: 'peer.silent', peer }]);
      return true;
    },
  };
}
