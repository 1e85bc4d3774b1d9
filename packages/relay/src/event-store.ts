import { isEphemeral, isExpired, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { createDeletions } from './deletions.ts';
import type { StoredRecord } from './disk/stored-record.ts';
import { addressOf } from './event-address.ts';
import { createEventIndex, mergeNewest } from './event-index.ts';
import { newestFirst } from './event-order.ts';
import type { RelayFilter } from './filter.ts';
import type { RelayLimits } from './limits.ts';
import { isPrivate } from './privacy.ts';

type PutResult = 'new' | 'duplicate' | 'superseded' | 'deleted';

/** Stored events that a query found. */
export interface Found {
  readonly events: NostrEvent[];
  /** There are more matches than a filter's limit. */
  readonly hasMore: boolean;
}

export interface EventStore {
  has(id: string): boolean;
  /** Returns the result that `put` would have, and changes nothing. */
  judge(event: NostrEvent): PutResult;
  /**
   * Stores an authentic event. Only a `new` one is for subscribers; an ephemeral one is always new.
   * @param bytes its size as JSON
   */
  put(event: NostrEvent, bytes: number): PutResult;
  query(filters: readonly RelayFilter[], nowSec: number, isVisible: (event: NostrEvent) => boolean): Found;
  /** Returns how many events match, each counted once; `limit` does not matter. */
  count(filters: readonly RelayFilter[], nowSec: number, isVisible: (event: NostrEvent) => boolean): number;
  /** Deletes expired events (NIP-40), and what is over the limits. */
  sweep(nowSec: number): void;
  /** Returns everything that is stored, for `restore` in this order. */
  records(): StoredRecord[];
  /** Stores a record again, whatever the limits: call `sweep` after the last one. */
  restore(record: StoredRecord): void;
  counts(): { readonly storedEvents: number; readonly storedBytes: number };
}

/** Keeps events by the rules for versions (NIP-01), deletions (NIP-09) and expiry (NIP-40), within limits. */
export function createEventStore(limits: RelayLimits): EventStore {
  const index = createEventIndex();
  const deletions = createDeletions(limits.deletions);
  const current = new Map<string, NostrEvent>();
  const messages = createArrivals();
  const publicEvents = createArrivals();
  const arrivalsOf = (event: NostrEvent): Arrivals => (isPrivate(event) ? messages : publicEvents);
  const storedBytes = (): number => messages.bytes() + publicEvents.bytes();

  function judge(event: NostrEvent): PutResult {
    if (index.get(event.id)) return 'duplicate';
    if (deletions.covers(event)) return 'deleted';
    const address = addressOf(event);
    const version = address === null ? undefined : current.get(address);
    return version && newestFirst(version, event) < 0 ? 'superseded' : 'new';
  }

  function add(event: NostrEvent, bytes: number): PutResult {
    const result = judge(event);
    if (result !== 'new' || isEphemeral(event.kind)) return result;
    const address = addressOf(event);
    const version = address === null ? undefined : current.get(address);
    if (version) forget(version);
    if (event.kind === kinds.deletion) applyDeletion(event);
    index.add(event);
    arrivalsOf(event).add(event, bytes);
    if (address !== null) current.set(address, event);
    return 'new';
  }

  function enforceLimits(): void {
    while (index.count() > limits.storedEvents || storedBytes() > limits.storedBytes) {
      const oldest = mostExpendable().oldest();
      if (!oldest) return;
      forget(oldest);
    }
  }

  /** Presences and notes are published again, messages are not. But messages must not take all the room either. */
  function mostExpendable(): Arrivals {
    const isPublicOver =
      publicEvents.count() > limits.publicEvents || publicEvents.bytes() > limits.publicBytes;
    return isPublicOver || messages.count() === 0 ? publicEvents : messages;
  }

  function forget(event: NostrEvent): void {
    index.remove(event);
    arrivalsOf(event).remove(event);
    const address = addressOf(event);
    if (address !== null && current.get(address) === event) current.delete(address);
  }

  function applyDeletion(request: NostrEvent): void {
    const { ids, addresses } = deletions.note(request);
    const named = [...ids.map((id) => index.get(id)), ...addresses.map((address) => current.get(address))];
    for (const event of named) {
      if (event && deletions.covers(event)) forget(event);
    }
  }

  return {
    has: (id) => index.get(id) !== undefined,
    judge,
    put(event, bytes) {
      const result = add(event, bytes);
      enforceLimits();
      return result;
    },
    query(filters, nowSec, isVisible) {
      const isWanted = (event: NostrEvent): boolean => !isExpired(event, nowSec) && isVisible(event);
      const found = filters.map((filter) => index.query({ ...filter, limit: filter.limit + 1 }, isWanted));
      const pages = found.map((events, at) => events.slice(0, filters[at]?.limit));
      const hasMore = found.some((events, at) => events.length > (pages[at]?.length ?? 0));
      return { events: mergeNewest(pages), hasMore };
    },
    count(filters, nowSec, isVisible) {
      const isWanted = (event: NostrEvent): boolean => !isExpired(event, nowSec) && isVisible(event);
      const all = filters.map((filter) => index.query({ ...filter, limit: index.count() }, isWanted));
      return new Set(all.flat()).size;
    },
    sweep(nowSec) {
      for (const event of index.all()) if (isExpired(event, nowSec)) forget(event);
      enforceLimits();
    },
    records: () => [
      ...[...deletions.all()].map(([deletedKey, untilSec]) => ({ deletedKey, untilSec })),
      ...[...index.all()].map((event) => ({ event, bytes: arrivalsOf(event).bytesOf(event) })),
    ],
    restore(record) {
      if ('event' in record) add(record.event, record.bytes);
      else deletions.restore(record.deletedKey, record.untilSec);
    },
    counts: () => ({ storedEvents: index.count(), storedBytes: storedBytes() }),
  };
}
