import type { Tables } from '../ports/store.ts';

export type PeerBounds = { readonly [K in 'peers' | 'peersEvicted']: number };

/**
 * Makes room for one more peer. Forgets the least recently seen strangers: first those that never wrote, then those whose
 * messages are read. Never forgets contacts, blocked peers, or peers our agent wrote to.
 * @returns whether there is room
 */
export function makeRoomForPeer(tables: Tables, bounds: PeerBounds): boolean {
  const count = tables.peers.count();
  return count < bounds.peers || tables.peers.evict(Math.max(bounds.peersEvicted, count - bounds.peers)) > 0;
}
