import { type Clock, hourMs, type MonotonicMs, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Correspondents } from '../trust/correspondents.ts';
import { messagingLimits } from './limits.ts';

const { order: bounds } = messagingLimits;

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
  const askedAt = new Map<Pubkey, MonotonicMs>();
  return function onEvent(event) {
    // A stranger could make us ask for as much and as often as it likes.
    if (event.type !== 'messages.missing' || !deps.correspondents.has(event.peer)) return;
    const now = deps.clock.monotonic();
    const before = askedAt.get(event.peer);
    if (before !== undefined && now - before < bounds.askMinutes * minuteMs) return;
    if (askedAt.size >= bounds.askedPeers) askedAt.clear();
    askedAt.set(event.peer, now);
    deps.fetchSince(event.beforeMs - bounds.askBackHours * hourMs);
  };
}
