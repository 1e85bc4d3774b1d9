import type { NostrEvent } from '@ocmesh/shared/wire';

/** Events in the order of their arrival, with their size. */
export interface Arrivals {
  add(event: NostrEvent, bytes: number): void;
  remove(event: NostrEvent): void;
  /** Returns the event that came first, which the caller then has to remove. */
  oldest(): NostrEvent | undefined;
  bytesOf(event: NostrEvent): number;
  count(): number;
  bytes(): number;
}

export function createArrivals(): Arrivals {
  const bytesOf = new Map<NostrEvent, number>();
  // One iterator, never recreated: a new one would walk over all the holes that removals left at the front.
  const oldestFirst = bytesOf.keys();
  let total = 0;

  return {
    add(event, bytes) {
      bytesOf.set(event, bytes);
      total += bytes;
    },
    remove(event) {
      total -= bytesOf.get(event) ?? 0;
      bytesOf.delete(event);
    },
    // An iterator that has come to its end stays there.
    oldest: () => (bytesOf.size > 0 ? oldestFirst.next().value : undefined),
    bytesOf: (event) => bytesOf.get(event) ?? 0,
    count: () => bytesOf.size,
    bytes: () => total,
  };
}
