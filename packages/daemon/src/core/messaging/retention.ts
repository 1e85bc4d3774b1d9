import {
  type Cancel,
  type Clock,
  type ConfirmedMs,
  dayMs,
  every,
  hourMs,
  type Log,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import { type IdBounds, trimIds } from '../ingest/trim-ids.ts';
import type { Store, Tables } from '../ports/store.ts';
import { trustLimits } from '../trust/limits.ts';
import type { PeerBounds } from '../trust/peer-capacity.ts';
import type { QuotaBounds } from '../trust/stranger-quota.ts';
import { messagingLimits } from './limits.ts';

export interface Retention {
  /**
   * Makes room for one more message. If the store is full, the oldest messages that nobody waits for are removed: read
   * ones first, then strangers' unread ones.
   * @returns whether there is room; false if everything that is left has to stay
   */
  makeRoom(tables: Tables): boolean;
  /** Returns since when messages are refused because the store is full; null while there is room. */
  fullSince(): UnixMs | null;
  start(): void;
  stop(): void;
}

/** Limits of what is kept; see `messagingLimits.retention`. */
export type RetentionBounds = {
  readonly [K in 'storedMessages' | 'storedMessageBytes' | 'messageDays' | 'seenDays' | 'pruneBatch']: number;
} & IdBounds &
  PeerBounds &
  QuotaBounds;

/** Keeps the number of messages, their bytes and their age within bounds. */
export function createRetention(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    /** Time that no jump of the clock moves: nothing may be deleted because of a wrong clock. */
    readonly confirmedNow: () => ConfirmedMs;
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
    const limit = bounds.pruneBatch;
    if (isFull(tables)) tables.messages.prune({ unreadOfStrangers: false, limit });
    if (isFull(tables)) {
      // Sent messages whose receipt is missing: they must not keep new ones from being sent.
      tables.outbox.removePublished(limit);
      tables.messages.prune({ unreadOfStrangers: false, limit });
    }
    if (isFull(tables)) tables.messages.prune({ unreadOfStrangers: true, limit });
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

  /** Removes the messages whose senders said that they end (NIP-40). */
  async function removeExpired(): Promise<void> {
    const nowMs = deps.confirmedNow();
    if (!store.peek(({ messages }) => messages.hasExpired(nowMs))) return;
    await store.transaction(({ messages }) => messages.removeExpired(nowMs));
  }

  const runEvery = (intervalMs: number, run: () => Promise<void>): Cancel =>
    every(clock, intervalMs, () => {
      run().catch((error) => log.warn('old data could not be removed', { reason: String(error) }));
    });

  return {
    makeRoom,
    fullSince() {
      // Messages may have been read since.
      const isStillFull = store.peek((tables) => isFull(tables) && !tables.messages.hasPrunable());
      return isStillFull ? refusedSince : null;
    },
    start() {
      cancels = [
        runEvery(hourMs, prune),
        runEvery(60_000, () => trimIds(store, bounds, deps.confirmedNow())),
        runEvery(messagingLimits.expireSeconds * 1000, removeExpired),
      ];
    },
    stop() {
      for (const cancel of cancels) cancel();
    },
  };
}
