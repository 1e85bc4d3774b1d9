import type { NostrEvent } from '@ocmesh/shared/wire';

type Dated = Pick<NostrEvent, 'created_at' | 'id'>;

/** The order of answers (NIP-01): newest first, in the same second the lowest id first. Also says which of two versions wins. */
export const newestFirst = (a: Dated, b: Dated): number =>
  b.created_at - a.created_at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Events sorted oldest first, so that a new one usually goes to the end. */
export type OrderedEvents = NostrEvent[];

export function insertOrdered(events: OrderedEvents, event: NostrEvent): void {
  events.splice(positionOf(events, event), 0, event);
}

export function removeOrdered(events: OrderedEvents, event: NostrEvent): void {
  const position = positionOf(events, event);
  if (events[position]?.id === event.id) events.splice(position, 1);
}

/** Events no younger than `untilSec` stand before this index. */
export const endOf = (events: OrderedEvents, untilSec: number): number =>
  // In one second the lowest id comes last, so the empty id stands behind all of them.
  positionOf(events, { created_at: untilSec, id: '' });

/** First index whose event does not come before this one. */
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
