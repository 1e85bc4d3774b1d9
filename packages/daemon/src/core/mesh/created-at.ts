import { toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { wireLimits } from '@ocmesh/shared/wire';

/**
 * Returns `created_at` for an event that replaces our last one. It only grows, across restarts and clock changes, because
 * relays keep the newest. Exception: if our clock was far ahead, the last one is too far in the future to be followed,
 * because relays refuse such dates.
 * @param relayOffsetMs how far the relays' clocks are ahead of ours
 */
export function nextCreatedAtSec(lastSec: number, nowMs: UnixMs, relayOffsetMs: number): number {
  const nowSec = toUnixSec(nowMs);
  const isTooFar = lastSec > toUnixSec(nowMs + Math.max(0, relayOffsetMs)) + wireLimits.event.futureSeconds;
  return isTooFar ? nowSec : Math.max(nowSec, lastSec + 1);
}
