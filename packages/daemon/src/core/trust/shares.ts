import type { Pubkey } from '@ocmesh/shared/contract';
import type { Share, Tables } from '../ports/store.ts';

/** Limits of what one peer's messages may fill; see `trustLimits.share`. */
export type ShareBounds = {
  readonly [K in
    | 'inboxBytes'
    | 'outboxBytes'
    | 'contactPercent'
    | 'strangerPercent'
    | 'strangersPercent'
    | 'receiverPercent'
    | 'leastBytes']: number;
};

/** How much of the inbox one peer fills, and how much it may. */
export interface Room {
  /** Bytes that its messages take. */
  readonly held: number;
  /** Bytes of them that may be removed. */
  readonly removable: number;
  /** Bytes that it may hold; more as soon as others hold less. */
  readonly share: number;
  /** Messages of all peers. */
  readonly messages: number;
  /** Bytes that are free for it and those it shares with. */
  readonly free: number;
  /** Bytes of others that may be removed for it: only strangers' messages make room for a stranger's. */
  readonly removableOfOthers: number;
  readonly isContact: boolean;
}

const sumOf = (shares: readonly Share[], field: keyof Share): number =>
  shares.reduce((sum, share) => sum + share[field], 0);

/**
 * Returns how much of the inbox a peer may fill: a part of what the others leave free. So some of it stays free however many
 * fill theirs, and a quiet peer can always write. Strangers, answered or not, have a part of the inbox together.
 */
export function roomFor(tables: Tables, peer: Pubkey, bounds: ShareBounds): Room {
  const sums = tables.shares.sums();
  const { contact, answered, stranger, blocked } = sums;
  const own = tables.shares.of(peer);
  const strangers = [answered, stranger];
  const isContact = tables.peers.get(peer)?.trust === 'contact';
  const left = bounds.inboxBytes - sumOf([contact, ...strangers], 'received');
  const leftOfStrangers = (bounds.inboxBytes * bounds.strangersPercent) / 100 - sumOf(strangers, 'received');
  // What blocked peers wrote is nobody's, but takes room until it is removed.
  const free = left - blocked.received;
  const removable = sumOf(isContact ? [contact, ...strangers] : strangers, 'removable') + blocked.received;
  return {
    held: own.received,
    removable: own.removable,
    share: isContact
      ? shareOf(own.received, left, bounds.contactPercent, bounds)
      : shareOf(own.received, Math.min(left, leftOfStrangers), bounds.strangerPercent, bounds),
    messages: sumOf(Object.values(sums), 'receivedCount'),
    free: isContact ? free : Math.min(free, leftOfStrangers),
    removableOfOthers: removable - own.removable,
    isContact,
  };
}

const shareOf = (own: number, free: number, percent: number, { leastBytes }: ShareBounds): number =>
  Math.max(leastBytes, ((own + free) * percent) / 100);

/** Whether one more event of this size may wait for this receiver: one that takes nothing must not stop all others. */
export function mayQueue(tables: Tables, peer: Pubkey, bytes: number, bounds: ShareBounds): boolean {
  const free = bounds.outboxBytes - sumOf(Object.values(tables.shares.sums()), 'outbox');
  const { outbox } = tables.shares.of(peer);
  return bytes <= free && outbox + bytes <= shareOf(outbox, free, bounds.receiverPercent, bounds);
}
