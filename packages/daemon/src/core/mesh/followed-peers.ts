import { dayMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, presenceFilter } from '@ocmesh/shared/wire';
import type { Store } from '../ports/store.ts';
import type { Crowd } from './crowd-estimate.ts';
import { meshLimits } from './limits.ts';
import { rendezvous } from './rendezvous.ts';

const { authors: MOST, authorsPerFilter } = meshLimits.followed;

/** Returns the peers whose presences matter to us: contacts first, then strangers our agent has written to, last seen first. */
export function followedPeers(store: Store): Pubkey[] {
  return store.peek(({ peers }) => {
    const all = peers.correspondents();
    if (all.length <= MOST) return all;
    const rank = (pubkey: Pubkey) => {
      const peer = peers.get(pubkey);
      return { pubkey, isContact: peer?.trust === 'contact', seenMs: peer?.lastSeenMs ?? 0 };
    };
    return all
      .map(rank)
      .sort((a, b) => Number(b.isContact) - Number(a.isContact) || b.seenMs - a.seenMs)
      .slice(0, MOST)
      .map(({ pubkey }) => pubkey);
  });
}

/**
 * Returns those of these peers that we follow on this relay: each on `copies` of our relays, so that one may fail, and chosen so that
 * its own choice of relays in a large mesh has them first.
 */
export const followedOn = (
  url: string,
  pubkeys: readonly Pubkey[],
  openUrls: readonly string[],
  copies: number,
): Pubkey[] => pubkeys.filter((pubkey) => rendezvous(pubkey, openUrls).slice(0, copies).includes(url));

/** Returns filters for the presences of these authors: their stored ones, and what comes. */
export function authorFilters(authors: readonly Pubkey[], sinceSec: number): Filter[] {
  const filters: Filter[] = [];
  for (let from = 0; from < authors.length; from += authorsPerFilter) {
    const some = authors.slice(from, from + authorsPerFilter);
    filters.push(presenceFilter({ authors: some, since: sinceSec, limit: some.length }));
  }
  return filters;
}

/** Bytes a day by which peers that we follow announce themselves, on two relays each. */
export function followedBytes(store: Store, crowd: Crowd | null): number {
  const { eventBytes, everySec } = crowd ?? {
    eventBytes: meshLimits.estimate.eventBytes,
    everySec: meshLimits.estimate.fallbackSeconds,
  };
  const perDay = dayMs / 1000 / everySec;
  return followedPeers(store).length * meshLimits.followed.copies * eventBytes * perDay;
}
