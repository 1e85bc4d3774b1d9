import type { Clock, MonotonicMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Tables } from '../ports/store.ts';
import { trustLimits } from './limits.ts';

/** How old a tally may be that says "full": the owner may have read messages since. */
const RECOUNT_MS = 2_000;

export type QuotaBounds = {
  readonly [K in 'strangerMessages' | 'strangerBytes' | 'strangersMessages' | 'strangersBytes']: number;
};

interface Tally {
  count: number;
  bytes: number;
  countedAt: MonotonicMs;
}

/** Limits the unread messages kept of each stranger, and of all strangers together. */
export interface StrangerQuota {
  /** Whether this many more bytes of this stranger exceed the quota. */
  isFull(tables: Tables, peer: Pubkey, bytes: number): boolean;
  /** Counts one more message of this stranger. */
  add(peer: Pubkey, bytes: number): void;
}

/** Counts up in memory, and asks the store only when a tally says "full": a tally may be too high, never too low. */
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
    const recounted = recount(tables, peer);
    tallies.set(peer, recounted);
    return isFull(recounted);
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
