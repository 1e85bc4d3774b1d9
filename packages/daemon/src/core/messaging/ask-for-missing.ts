import { type Clock, hourMs, type MonotonicMs, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Correspondents } from '../trust/correspondents.ts';
import { messagingLimits } from './limits.ts';

const { order: bounds } = messagingLimits;
const MOST_PAUSE_MS = bounds.askMostMinutes * minuteMs;

/**
 * Asks our relays again when a correspondent's numbers show that messages are missing: a relay may have stored them
 * without forwarding them. The sender learns of the gap from the receipt of the later message.
 */
export function createAskForMissing(deps: {
  readonly clock: Clock;
  readonly correspondents: Correspondents;
  /** Fetches the messages again that our relays have from this time on. */
  readonly fetchSince: (sinceMs: UnixMs) => void;
}): (event: DomainEvent) => void {
  const asked = new Map<Pubkey, { readonly at: MonotonicMs; readonly pauseMs: number }>();
  return function onEvent(event) {
    // A stranger could make us ask for as much and as often as it likes.
    if (event.type !== 'messages.missing' || !deps.correspondents.has(event.peer)) return;
    const now = deps.clock.monotonic();
    const before = asked.get(event.peer);
    if (before && now - before.at < before.pauseMs) return;
    const isAnew = !before || now - before.at >= 2 * MOST_PAUSE_MS;
    const pauseMs = isAnew ? bounds.askMinutes * minuteMs : Math.min(2 * before.pauseMs, MOST_PAUSE_MS);
    if (asked.size >= bounds.askedPeers) asked.clear();
    asked.set(event.peer, { at: now, pauseMs });
    deps.fetchSince(event.beforeMs - bounds.askBackHours * hourMs);
  };
}
