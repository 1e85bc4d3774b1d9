import type { Pubkey } from '@ocmesh/shared/contract';
import type { Tables } from '../ports/store.ts';

export type QuotaBounds = {
  readonly [K in 'strangerMessages' | 'strangerBytes' | 'strangersMessages' | 'strangersBytes']: number;
};

/**
 * Whether this many more bytes exceed what is kept unread of one stranger that our agent never wrote to, or of all of them
 * together.
 */
export function isOverQuota(tables: Tables, peer: Pubkey, bytes: number, bounds: QuotaBounds): boolean {
  const own = tables.shares.of(peer);
  if (own.unreadCount >= bounds.strangerMessages || own.unreadText + bytes > bounds.strangerBytes)
    return true;
  const all = tables.shares.sums().stranger;
  return all.unreadCount >= bounds.strangersMessages || all.unreadText + bytes > bounds.strangersBytes;
}
