import type { Tables } from '../ports/store.ts';

export type PeerBounds = { readonly [K in 'peers' | 'peersEvicted']: number };

/**
 * Makes room for one more peer: the strangers that showed themselves least recently go, those who wrote last and not
 * before they are read; never a contact, a blocked one, or whoever our agent wrote to.
 * @returns whether there is room
 */
export function makeRoomForPeer(tables: Tables, bounds: PeerBounds): boolean {
  const count = tables.peers.count();
  return count < bounds.peers || tables.peers.evict(Math.max(bounds.peersEvicted, count - bounds.peers)) > 0;
}
