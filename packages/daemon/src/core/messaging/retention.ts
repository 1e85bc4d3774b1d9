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
import type { Pubkey } from '@ocmesh/shared/contract';
import { type IdBounds, trimIds } from '../ingest/trim-ids.ts';
import { ROW_BYTES } from '../model/message.ts';
import type { Store, Tables } from '../ports/store.ts';
import { trustLimits } from '../trust/limits.ts';
import type { PeerBounds } from '../trust/peer-capacity.ts';
import { mayQueue, type Room, roomFor, type ShareBounds } from '../trust/shares.ts';
import type { QuotaBounds } from '../trust/stranger-quota.ts';
import { messagingLimits } from './limits.ts';

/** Peers whose refused messages are remembered for the status. */
const REFUSALS = 1_000;
/** Peers that are named as those who fill the room. */
const NAMED = 3;
/** Receivers whose sent messages are looked at to make room. */
const RECEIVERS = 10;

export interface Crowded {
  readonly sinceMs: UnixMs;
  /** Those who hold most first. */
  readonly peers: readonly {
    readonly pubkey: Pubkey;
    readonly alias: string | null;
    readonly bytes: number;
  }[];
}

export interface Retention {
  /**
   * Makes room for one more message of this peer: by its own oldest ones that were read, and if the inbox as a whole is
   * full, by those of the peer that holds most.
   * @param bytes text and data of the message
   * @returns whether there is room. If not, roll back: something may have been removed
   */
  makeRoom(tables: Tables, peer: Pubkey, bytes: number): boolean;
  /**
   * Makes room for one more message to this peer, by the oldest sent ones that are not on their way any more.
   * @returns false if too much is on its way
   */
  makeRoomToSend(tables: Tables, peer: Pubkey, bytes: number): boolean;
  /** Whether one more event of this size may wait for this receiver. */
  mayQueue(tables: Tables, peer: Pubkey, bytes: number): boolean;
  /** Returns since when messages are refused, and whose fill the room; null while there is room. */
  crowded(): Crowded | null;
  start(): void;
  stop(): void;
}

/** Limits of what is kept; see `messagingLimits.retention`. */
export type RetentionBounds = {
  readonly [K in
    | 'storedMessages'
    | 'sentBytes'
    | 'messageDays'
    | 'seenDays'
    | 'pruneBatch'
    | 'oldBatch']: number;
} & IdBounds &
  PeerBounds &
  QuotaBounds &
  ShareBounds;

/** Keeps the messages, their bytes and their age within bounds. */
export function createRetention(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    /** Time that no jump of the clock moves: nothing may be deleted because of a wrong clock. */
    readonly confirmedNow: () => ConfirmedMs;
    /** Today's date, without time that nothing has confirmed. */
    readonly confirmedDate: () => UnixMs;
  },
  bounds: RetentionBounds,
): Retention {
  const { store, clock, log } = deps;
  let cancels: Cancel[] = [];
  /** Peers whose messages were refused, with the size of the last one. */
  const refusals = new Map<Pubkey, { readonly sinceMs: UnixMs; readonly bytes: number }>();

  const isCountFull = ({ messages }: Room): boolean => messages >= bounds.storedMessages;

  const isOverShare = ({ held, removable, share }: Room, bytes: number): boolean =>
    held - removable + bytes > share;

  /** Whether there is room for so many bytes, perhaps after removing something. */
  const canMakeRoom = (room: Room, bytes: number): boolean =>
    !isOverShare(room, bytes) &&
    bytes <= room.free + room.removable + room.removableOfOthers &&
    (!isCountFull(room) || room.removable + room.removableOfOthers > 0);

  function makeRoom(tables: Tables, peer: Pubkey, textBytes: number): boolean {
    const bytes = textBytes + ROW_BYTES;
    let room = roomFor(tables, peer, bounds);
    if (!canMakeRoom(room, bytes)) {
      if (refusals.size >= REFUSALS) refusals.clear();
      refusals.set(peer, { sinceMs: refusals.get(peer)?.sinceMs ?? clock.now(), bytes });
      return false;
    }
    const { removeOldest, largest } = tables.shares;
    // A peer that holds more than its share, as others held less before, gives it back slowly: twice what it adds.
    const most = Math.max(room.share - bytes, room.held - 2 * bytes);
    while (room.held > most && room.removable > 0) {
      if (removeOldest('received', peer, bounds.pruneBatch) === 0) break;
      room = roomFor(tables, peer, bounds);
    }
    while (room.free < bytes || isCountFull(room)) {
      const [holder] = largest('received', { limit: 1, withoutContacts: !room.isContact });
      if (!holder || removeOldest('received', holder, bounds.pruneBatch) === 0) return false;
      room = roomFor(tables, peer, bounds);
    }
    return true;
  }

  function makeRoomToSend(tables: Tables, peer: Pubkey, bytes: number): boolean {
    const hasRoom = (): boolean => mayQueue(tables, peer, bytes, bounds);
    // What a relay accepted waits for its receipt only: it must not keep new messages from being sent.
    const removePublished = (): boolean =>
      tables.outbox.removePublished(bounds.pruneBatch, peer) > 0 ||
      tables.outbox.removePublished(bounds.pruneBatch) > 0;
    while (!hasRoom()) if (!removePublished()) return false;
    const sent = Object.values(tables.shares.sums()).reduce((sum, share) => sum + share.sent, 0);
    if (sent + bytes > bounds.sentBytes) removeSent(tables);
    return true;
  }

  /** Removes the oldest messages to the peer that got most, or if no relay has them yet, to the next one. */
  function removeSent({ shares, outbox }: Tables): void {
    const remove = (receiver: Pubkey): boolean =>
      shares.removeOldest('sent', receiver, bounds.pruneBatch) > 0;
    shares
      .largest('sent', { limit: RECEIVERS })
      .some(
        (receiver) =>
          remove(receiver) || (outbox.removePublished(bounds.pruneBatch, receiver) > 0 && remove(receiver)),
      );
  }

  function findCrowded(tables: Tables): Crowded | null {
    const fillers = new Set<Pubkey>();
    for (const [peer, { bytes }] of refusals) {
      const room = roomFor(tables, peer, bounds);
      // Messages may have been read since.
      if (canMakeRoom(room, bytes) || tables.peers.get(peer)?.trust === 'blocked') refusals.delete(peer);
      else if (isOverShare(room, bytes)) fillers.add(peer);
    }
    const sinceMs = [...refusals.values()].map((refusal) => refusal.sinceMs);
    if (sinceMs.length === 0) return null;
    // A peer that is refused within its share has no room because of others.
    const named = fillers.size > 0 ? [...fillers] : tables.shares.largest('kept', { limit: NAMED });
    const peers = named
      .map((pubkey) => ({
        pubkey,
        alias: tables.peers.get(pubkey)?.alias ?? null,
        bytes: tables.shares.of(pubkey).received,
      }))
      .sort((one, other) => other.bytes - one.bytes);
    return { sinceMs: Math.min(...sinceMs), peers: peers.slice(0, NAMED) };
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
        limit: bounds.oldBatch,
      });
    });
    if (removed > 0) log.info('old messages removed', { messages: removed });
  }

  /** Removes the messages whose senders said that they end (NIP-40). */
  async function removeExpired(): Promise<void> {
    const nowMs = deps.confirmedDate();
    const isAnyOver = store.peek(
      ({ messages, held }) => messages.hasExpired(nowMs) || held.hasExpired(nowMs),
    );
    if (!isAnyOver) return;
    await store.transaction(({ messages, held }) => {
      messages.removeExpired(nowMs);
      held.removeExpired(nowMs);
    });
  }

  const runEvery = (intervalMs: number, run: () => Promise<void>): Cancel =>
    every(clock, intervalMs, () => {
      run().catch((error) => log.warn('old data could not be removed', { reason: String(error) }));
    });

  return {
    makeRoom,
    makeRoomToSend,
    mayQueue: (tables, peer, bytes) => mayQueue(tables, peer, bytes, bounds),
    crowded: () => store.peek(findCrowded),
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
