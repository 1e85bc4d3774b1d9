import type { NostrEvent } from '@ocmesh/shared/wire';

type Dated = Pick<NostrEvent, 'created_at' | 'id'>;

/** The order of stored events (NIP-01): newest first, within a second the lowest id first. The first of two versions wins. */
export const newestFirst = (a: Dated, b: Dated): number =>
  b.created_at - a.created_at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Events, oldest first, so that a new one usually goes to the end. */
export type OrderedEvents = NostrEvent[];

export function insertOrdered(events: OrderedEvents, event: NostrEvent): void {
  events.splice(positionOf(events, event), 0, event);
}

export function removeOrdered(events: OrderedEvents, event: NostrEvent): void {
  const position = positionOf(events, event);
  if (events[position]?.id === event.id) events.splice(position, 1);
}

/** Returns the index after the last event that is not newer than `untilSec`. */
export const endOf = (events: OrderedEvents, untilSec: number): number =>
  // Within a second the lowest id comes last, so the empty id comes after all of them.
  positionOf(events, { created_at: untilSec, id: '' });

/** Returns the first index whose event does not come before this one. */
function positionOf(events: OrderedEvents, event: Dated): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = events[middle];
    if (other && newestFirst(other, event) > 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
