import { isEphemeral, isExpired, kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { createDeletions } from './deletions.ts';
import { addressOf } from './event-address.ts';
import { createEventIndex, mergeNewest } from './event-index.ts';
import { newestFirst } from './event-order.ts';
import type { RelayFilter } from './filter.ts';
import type { RelayLimits } from './limits.ts';

type PutResult = 'new' | 'duplicate' | 'superseded' | 'deleted';

export interface EventStore {
  has(id: string): boolean;
  /**
   * Stores an authentic event. Only a `new` one is for subscribers; an ephemeral one is always new.
   * @param bytes its size as JSON
   */
  put(event: NostrEvent, bytes: number): PutResult;
  query(
    filters: readonly RelayFilter[],
    nowSec: number,
    isVisible: (event: NostrEvent) => boolean,
  ): NostrEvent[];
  /** Deletes expired events (NIP-40). */
  sweep(nowSec: number): void;
  counts(): { readonly storedEvents: number; readonly storedBytes: number };
}

/** Keeps events by the rules for versions (NIP-01), deletions (NIP-09) and expiry (NIP-40), within limits. */
export function createEventStore(limits: RelayLimits): EventStore {
  const index = createEventIndex();
  const deletions = createDeletions(limits.deletions);
  const current = new Map<string, NostrEvent>();
  const bytesOf = new Map<string, number>();
  let storedBytes = 0;

  function put(event: NostrEvent, bytes: number): PutResult {
    if (index.get(event.id)) return 'duplicate';
    if (deletions.covers(event)) return 'deleted';
    if (isEphemeral(event.kind)) return 'new';
    const address = addressOf(event);
    const version = address === null ? undefined : current.get(address);
    if (version && newestFirst(version, event) < 0) return 'superseded';
    if (version) forget(version);
    if (event.kind === kinds.deletion) applyDeletion(event);
    keep(event, address, bytes);
    return 'new';
  }

  function keep(event: NostrEvent, address: string | null, bytes: number): void {
    index.add(event);
    bytesOf.set(event.id, bytes);
    storedBytes += bytes;
    if (address !== null) current.set(address, event);
    while (index.count() > limits.storedEvents || storedBytes > limits.storedBytes) {
      const oldest = index.oldestArrival();
      if (!oldest) return;
      forget(oldest);
    }
  }

  function forget(event: NostrEvent): void {
    index.remove(event);
    storedBytes -= bytesOf.get(event.id) ?? 0;
    bytesOf.delete(event.id);
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
    put,
    query: (filters, nowSec, isVisible) =>
      mergeNewest(
        filters.map((filter) =>
          index.query(filter, (event) => !isExpired(event, nowSec) && isVisible(event)),
        ),
      ),
    sweep(nowSec) {
      for (const event of index.all()) if (isExpired(event, nowSec)) forget(event);
    },
    counts: () => ({ storedEvents: index.count(), storedBytes }),
  };
}
