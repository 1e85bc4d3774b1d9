import type { Log } from '@ocmesh/shared/ambient';
import { utf8Bytes } from '@ocmesh/shared/contract';
import { type Filter, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { catchUpLimits } from './limits.ts';

/** Events requested at least, however large they are. */
const SMALLEST_PAGE = 10;

/** How a fetch ended. */
export type End =
  | 'complete'
  /** The connection was lost, or the relay refused. */
  | 'broken'
  /** Given up; another try would not help. */
  | 'endless';

export interface Found {
  readonly end: End;
  readonly events: readonly NostrEvent[];
  /** If there is more than may be held: events of this second and newer are left out, to be fetched later. */
  readonly cutSec: number | null;
}

/**
 * Fetches all events that a relay has for a filter: newest first, page by page, each starting at the oldest second of
 * the one before, until nothing new comes.
 */
export async function fetchPages(
  deps: {
    readonly network: RelayNetwork;
    readonly log: Log;
    /** Whether the event was processed before: such events are left out. */
    readonly isKnown: (eventId: string) => boolean;
  },
  url: string,
  filter: Filter,
): Promise<Found> {
  const held = createHeldEvents(catchUpLimits.heldBytes);
  let limit: number = catchUpLimits.pageEvents;
  let until: number | undefined;
  /** Events of the second at which pages overlap. */
  let boundary = new Set<string>();
  let largest = 0;

  const found = (end: End): Found => ({ end, events: held.events(), cutSec: held.cutSec() });

  for (let page = 0; page < catchUpLimits.pages; page++) {
    const pageFilter: Filter = { ...filter, ...(until === undefined ? {} : { until }), limit };
    const { complete, events: raws, tooLarge } = await deps.network.query(url, [pageFilter]);
    const events = raws.flatMap((raw) => parseEvent(raw) ?? []);
    if (tooLarge && limit > SMALLEST_PAGE) {
      limit = Math.max(SMALLEST_PAGE, limit >> 1);
      continue;
    }
    const fresh = events.filter((event) => !boundary.has(keyOf(event)));
    for (const event of fresh) if (!deps.isKnown(event.id)) held.put(event);
    if (!complete) return found('broken');
    largest = Math.max(largest, raws.length);
    if (fresh.length > 0) {
      const oldest = Math.min(until ?? Number.POSITIVE_INFINITY, ...events.map((event) => event.created_at));
      const ofOldest = events.filter((event) => event.created_at === oldest).map(keyOf);
      boundary = new Set(oldest === until ? [...boundary, ...ofOldest] : ofOldest);
      until = oldest;
      continue;
    }
    // A page filled by a single second hides older events: skipping it may lose some of that second, but no others.
    const isFull = raws.length >= largest && events.every((event) => event.created_at === until);
    if (until === undefined || !isFull) return found('complete');
    until--;
  }
  deps.log.warn('relay keeps sending old messages without end', { relay: url });
  return found('endless');
}

/** Identifies an event. By its signature as well: a forged copy must not hide the real event. */
const keyOf = (event: NostrEvent): string => event.id + event.sig;

/** Holds up to `maxBytes` of events. Beyond that the newest are dropped, because the oldest are applied first. */
function createHeldEvents(maxBytes: number) {
  let kept: NostrEvent[] = [];
  let bytes = 0;
  let cutSec: number | null = null;

  const sizeOf = (event: NostrEvent): number => utf8Bytes(JSON.stringify(event));

  function cut(): void {
    kept.sort((a, b) => a.created_at - b.created_at);
    const middle = kept[kept.length >> 1]?.created_at ?? 0;
    // A single second may fill it: kept whole, or the next fetch could not start after it.
    const fromSec = middle > (kept[0]?.created_at ?? 0) ? middle : middle + 1;
    cutSec = Math.min(cutSec ?? fromSec, fromSec);
    kept = kept.filter((event) => event.created_at < fromSec);
    bytes = kept.reduce((sum, event) => sum + sizeOf(event), 0);
  }

  return {
    put(event: NostrEvent): void {
      if (cutSec !== null && event.created_at >= cutSec) return;
      kept.push(event);
      bytes += sizeOf(event);
      if (bytes > maxBytes) cut();
    },
    events: (): readonly NostrEvent[] => kept,
    cutSec: (): number | null => cutSec,
  };
}
