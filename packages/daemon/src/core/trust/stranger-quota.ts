import type { Clock } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Tables } from '../ports/store.ts';
import { trustLimits } from './limits.ts';

/** How old a count may be that says "full": meanwhile the owner may have read. */
const RECOUNT_MS = 2_000;

export type QuotaBounds = {
  readonly [K in 'strangerMessages' | 'strangerBytes' | 'strangersMessages' | 'strangersBytes']: number;
};

interface Tally {
  count: number;
  bytes: number;
  countedAt: number;
}

/** How much unread mail of strangers is kept: of each, and of all together. */
export interface StrangerQuota {
  /** Whether so many more bytes of this stranger are too much. */
  isFull(tables: Tables, peer: Pubkey, bytes: number): boolean;
  /** One more message of it is kept. */
  add(peer: Pubkey, bytes: number): void;
}

/** Counts up in memory, and in the store only where that says "full": it may err to that side alone. */
export function createStrangerQuota(clock: Clock, bounds: QuotaBounds): StrangerQuota {
  const tallies = new Map<Pubkey, Tally>();
  let sum: Tally | null = null;

  function recount(tables: Tables, peer?: Pubkey): Tally {
    return { ...tables.messages.unreadOfStrangers(peer), countedAt: clock.monotonic() };
  }

  function tallyOf(tables: Tables, peer: Pubkey): Tally {
    const known = tallies.get(peer);
    if (known) return known;
    if (tallies.size >= trustLimits.stranger.counted) tallies.clear();
    const tally = recount(tables, peer);
    tallies.set(peer, tally);
    return tally;
  }

  const isOver = ({ count, bytes }: Tally, more: number, maxCount: number, maxBytes: number): boolean =>
    count >= maxCount || bytes + more > maxBytes;
  const isOld = ({ countedAt }: Tally): boolean => clock.monotonic() - countedAt >= RECOUNT_MS;

  function isOwnFull(tables: Tables, peer: Pubkey, more: number): boolean {
    const isFull = (tally: Tally): boolean =>
      isOver(tally, more, bounds.strangerMessages, bounds.strangerBytes);
    const tally = tallyOf(tables, peer);
    if (!isFull(tally) || !isOld(tally)) return isFull(tally);
    const now = recount(tables, peer);
    tallies.set(peer, now);
    return isFull(now);
  }

  function isSumFull(tables: Tables, more: number): boolean {
    const isFull = (tally: Tally): boolean =>
      isOver(tally, more, bounds.strangersMessages, bounds.strangersBytes);
    sum ??= recount(tables);
    if (isFull(sum) && isOld(sum)) sum = recount(tables);
    return isFull(sum);
  }

  return {
    isFull: (tables, peer, more) => isOwnFull(tables, peer, more) || isSumFull(tables, more),
    add(peer, bytes) {
      for (const tally of [tallies.get(peer), sum]) {
        if (!tally) continue;
        tally.count++;
        tally.bytes += bytes;
      }
    },
  };
}
