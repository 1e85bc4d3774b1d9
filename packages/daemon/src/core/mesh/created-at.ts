import { toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { wireLimits } from '@ocmesh/shared/wire';

/**
 * `created_at` of an event that replaces our last one: it only ever grows, across restarts and clock changes, because
 * relays keep the newest. But one dated while our clock was far ahead cannot be outdone: relays refuse the future.
 * @param relayOffsetMs what the relays' clocks show more than ours
 */
export function nextCreatedAtSec(lastSec: number, nowMs: UnixMs, relayOffsetMs: number): number {
  const nowSec = toUnixSec(nowMs);
  const isTooFar = lastSec > toUnixSec(nowMs + Math.max(0, relayOffsetMs)) + wireLimits.event.futureSeconds;
  return isTooFar ? nowSec : Math.max(nowSec, lastSec + 1);
}
