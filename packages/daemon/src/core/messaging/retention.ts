import { type Cancel, type Clock, dayMs, every, hourMs, type Log, type UnixMs } from '@ocmesh/shared/ambient';
import type { Store, Tables } from '../ports/store.ts';
import { trustLimits } from '../trust/limits.ts';
import type { PeerBounds } from '../trust/peer-capacity.ts';
import type { QuotaBounds } from '../trust/stranger-quota.ts';

export interface Retention {
  /**
   * Room for one more message: where there is none, the oldest that nobody waits for go, read ones before strangers'
   * unread. False when everything that is left must stay.
   */
  makeRoom(tables: Tables): boolean;
  /** Since when mail is refused for want of room; null while there is some. */
  fullSince(): UnixMs | null;
  start(): void;
  stop(): void;
}

/** How much is kept. */
export type RetentionBounds = {
  readonly [K in
    | 'storedMessages'
    | 'storedMessageBytes'
    | 'messageDays'
    | 'seenDays'
    | 'seenIds'
    | 'pruneBatch']: number;
} & PeerBounds &
  QuotaBounds;

/** Keeps the number of messages, their bytes and their age within bounds. */
export function createRetention(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    /** A time that no wrong clock has hurried on. */
    readonly confirmedNow: () => UnixMs;
  },
  bounds: RetentionBounds,
): Retention {
  const { store, clock, log } = deps;
  let cancels: Cancel[] = [];
  let refusedSince: UnixMs | null = null;

  function isFull(tables: Tables): boolean {
    const { count, bytes } = tables.messages.totals();
    return count >= bounds.storedMessages || bytes >= bounds.storedMessageBytes;
  }

  function makeRoom(tables: Tables): boolean {
    for (const unreadOfStrangers of [false, true]) {
      if (!isFull(tables)) break;
      tables.messages.prune({ unreadOfStrangers, limit: bounds.pruneBatch });
    }
    const hasRoom = !isFull(tables);
    if (hasRoom) refusedSince = null;
    else refusedSince ??= clock.now();
    return hasRoom;
  }

  async function prune(): Promise<void> {
    const nowMs = deps.confirmedNow();
    const removed = await store.transaction((tables) => {
      tables.seen.forgetBefore(nowMs - bounds.seenDays * dayMs);
      tables.held.forgetBefore(nowMs - trustLimits.held.days * dayMs);
      tables.pendingContacts.forgetBefore(nowMs - trustLimits.held.days * dayMs);
      return tables.messages.prune({
        unreadOfStrangers: true,
        arrivedBeforeMs: nowMs - bounds.messageDays * dayMs,
        limit: bounds.pruneBatch,
      });
    });
    if (removed > 0) log.info('old messages removed', { messages: removed });
  }

  /** Whoever sends us much shall not fill the memory; a catch-up then does not reach further back than what is known. */
  async function boundSeen(): Promise<void> {
    const sinceMs = store.peek(({ seen }) => seen.newestSinceMs(bounds.seenIds));
    if (sinceMs <= store.peek(({ seen }) => seen.knownSinceMs())) return;
    await store.transaction(({ seen }) => seen.forgetBefore(Math.min(sinceMs, deps.confirmedNow())));
  }

  const regularly = (intervalMs: number, run: () => Promise<void>): Cancel =>
    every(clock, intervalMs, () => {
      run().catch((error) => log.warn('what is old could not be removed', { reason: String(error) }));
    });

  return {
    makeRoom,
    fullSince() {
      // Since then somebody may have read.
      const isStillFull = store.peek((tables) => isFull(tables) && !tables.messages.hasPrunable());
      return isStillFull ? refusedSince : null;
    },
    start() {
      cancels = [regularly(hourMs, prune), regularly(60_000, boundSeen)];
    },
    stop() {
      for (const cancel of cancels) cancel();
    },
  };
}
