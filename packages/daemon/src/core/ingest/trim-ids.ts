import type { ConfirmedMs } from '@ocmesh/shared/ambient';
import type { Store } from '../ports/store.ts';

/** Limits of the ids that are remembered. */
export interface IdBounds {
  readonly seenIds: number;
  readonly ignoredIds: number;
}

/**
 * Limits the event ids in memory, however much we are sent. Each relay has a share of them: a flood on one does not
 * change how far catch-ups on the others reach back.
 */
export async function trimIds(store: Store, bounds: IdBounds, confirmedNowMs: ConfirmedMs): Promise<void> {
  const { relays, isTooMany } = store.peek(({ seen }) => ({
    relays: seen.countByRelay(),
    isTooMany: seen.countIgnored() > bounds.ignoredIds,
  }));
  const share = shareOf(
    relays.map(({ count }) => count),
    bounds.seenIds,
  );
  const over = relays.filter(({ count }) => count > share);
  if (over.length === 0 && !isTooMany) return;
  await store.transaction(({ seen }) => {
    for (const { url } of over) seen.keepNewestOf(url, share, confirmedNowMs);
    if (isTooMany) seen.keepNewestIgnored(bounds.ignoredIds);
  });
}

/** Returns the most that one may have so that all together have no more than `total`; small ones keep what they have. */
export function shareOf(counts: readonly number[], total: number): number {
  const sorted = counts.toSorted((a, b) => a - b);
  let left = total;
  for (const [index, count] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - index));
    if (count > share) return Math.max(1, share);
    left -= count;
  }
  return Number.POSITIVE_INFINITY;
}
