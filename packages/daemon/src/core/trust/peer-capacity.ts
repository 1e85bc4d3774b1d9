import type { Tables } from '../ports/store.ts';

export type PeerBounds = { readonly [K in 'peers' | 'peersEvicted']: number };

/**
 * Makes room for one more peer. Forgets the least recently seen strangers: first those that never wrote, then those whose
 * messages are read. For a peer that writes also those our agent wrote to, or an agent that answers everybody would fill
 * the list; a presence, which costs its sender nothing, is not worth that. Never forgets contacts or blocked peers.
 * @returns whether there is room
 */
export function makeRoomForPeer(
  tables: Tables,
  bounds: PeerBounds,
  { writes }: { readonly writes: boolean } = { writes: false },
): boolean {
  const count = tables.peers.count();
  return (
    count < bounds.peers ||
    tables.peers.evict(Math.max(bounds.peersEvicted, count - bounds.peers), { answered: writes }) > 0
  );
}
