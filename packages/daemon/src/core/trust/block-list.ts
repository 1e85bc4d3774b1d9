import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Store } from '../ports/store.ts';

export interface BlockList {
  has(pubkey: Pubkey): boolean;
  onEvent(event: DomainEvent): void;
}

/**
 * Keeps blocked keys in memory, so that events they sign are dropped before they cost anything. Gift wraps are not: their
 * sender is inside, so each new one costs a signature check and a decryption, and its id is kept.
 */
export function createBlockList(deps: { readonly store: Store }): BlockList {
  const blocked = new Set<Pubkey>(
    deps.store.peek((tables) =>
      tables.peers.list({ trust: 'blocked', limit: Number.MAX_SAFE_INTEGER }).map(({ pubkey }) => pubkey),
    ),
  );
  return {
    has: (pubkey) => blocked.has(pubkey),
    onEvent(event) {
      if (event.type !== 'peer.trust') return;
      if (event.peer.trust === 'blocked') blocked.add(event.peer.pubkey);
      else blocked.delete(event.peer.pubkey);
    },
  };
}
