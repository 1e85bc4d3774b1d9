import { utf8Bytes } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';

export interface HeldEvents {
  put(event: NostrEvent): void;
  events(): readonly NostrEvent[];
  /** Returns the second from which on events were dropped; null if none were. */
  cutSec(): number | null;
}

/** Holds up to `maxBytes` of events. Beyond that the newest are dropped, because the oldest are applied first. */
export function createHeldEvents(maxBytes: number): HeldEvents {
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
    put(event) {
      if (cutSec !== null && event.created_at >= cutSec) return;
      kept.push(event);
      bytes += sizeOf(event);
      if (bytes > maxBytes) cut();
    },
    events: () => kept,
    cutSec: () => cutSec,
  };
}
