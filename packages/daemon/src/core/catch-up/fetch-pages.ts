import type { Log } from '@ocmesh/shared/ambient';
import { utf8Bytes } from '@ocmesh/shared/contract';
import { type Filter, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { catchUpLimits } from './limits.ts';

/** Events asked for where larger pages were too large to hold. */
const SMALLEST_PAGE = 10;

/** `endless`: asking again would not help. */
export type End = 'complete' | 'broken' | 'endless';

export interface Found {
  readonly end: End;
  readonly events: readonly NostrEvent[];
  /** More than may be held at once: what is of this second or newer was left out, to be asked for later. */
  readonly cutSec: number | null;
}

/**
 * Everything that a relay kept for a filter: newest first, page after page, each from the oldest second of the one
 * before, until nothing new comes.
 */
export async function fetchStored(
  deps: {
    readonly network: RelayNetwork;
    readonly log: Log;
    /** Whether this id was dealt with already: such events are not held. */
    readonly isKnown: (eventId: string) => boolean;
  },
  url: string,
  filter: Filter,
): Promise<Found> {
  const held = createHold(catchUpLimits.heldBytes);
  let limit: number = catchUpLimits.pageEvents;
  let until: number | undefined;
  /** Of the second at which the pages overlap. */
  let boundary = new Set<string>();
  let largest = 0;

  const found = (end: End): Found => ({ end, events: held.events(), cutSec: held.cutSec() });

  for (let page = 0; page < catchUpLimits.pages; page++) {
    const asked: Filter = { ...filter, ...(until === undefined ? {} : { until }), limit };
    const { complete, events: raws, tooLarge } = await deps.network.query(url, [asked]);
    const events = raws.flatMap((raw) => parseEvent(raw) ?? []);
    if (tooLarge && limit > SMALLEST_PAGE) {
      limit = Math.max(SMALLEST_PAGE, limit >> 1);
      continue;
    }
    const fresh = events.filter((event) => !boundary.has(nameOf(event)));
    for (const event of fresh) if (!deps.isKnown(event.id)) held.put(event);
    if (!complete) return found('broken');
    largest = Math.max(largest, raws.length);
    if (fresh.length > 0) {
      const oldest = Math.min(until ?? Number.POSITIVE_INFINITY, ...events.map((event) => event.created_at));
      const ofOldest = events.filter((event) => event.created_at === oldest).map(nameOf);
      boundary = new Set(oldest === until ? [...boundary, ...ofOldest] : ofOldest);
      until = oldest;
      continue;
    }
    // A page full of one second hides what is older: some of that second may be lost, but not the rest.
    const isFull = raws.length >= largest && events.every((event) => event.created_at === until);
    if (until === undefined || !isFull) return found('complete');
    until--;
  }
  deps.log.warn('a relay keeps sending stored messages without end', { relay: url });
  return found('endless');
}

/** A forged copy has another signature: it must not hide the real event. */
const nameOf = (event: NostrEvent): string => event.id + event.sig;

/** Events up to so many bytes; beyond that the newest go, because the oldest are applied first. */
function createHold(maxBytes: number) {
  let kept: NostrEvent[] = [];
  let bytes = 0;
  let cutSec: number | null = null;

  const sizeOf = (event: NostrEvent): number => utf8Bytes(JSON.stringify(event));

  function cut(): void {
    kept.sort((a, b) => a.created_at - b.created_at);
    const middle = kept[kept.length >> 1]?.created_at ?? 0;
    // One second alone may fill it: it is kept whole, or there would be no way on.
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
