import {
  type Clock,
  type ConfirmedMs,
  type Log,
  type MonotonicMs,
  minuteMs,
  type TokenBucket,
  toUnixSec,
} from '@ocmesh/shared/ambient';
import type { Profile, Pubkey } from '@ocmesh/shared/contract';
import { dialectOf, pongPayload, profilePayload } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { Store } from '../ports/store.ts';
import { isCorrespondent } from '../trust/correspondents.ts';
import { messagingLimits } from './limits.ts';

/** Replies to `ping` and `profile` without the agent: the feature `query`. */
export function createQueryAnswers(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly confirmedNow: () => ConfirmedMs;
  readonly log: Log;
  /** Called after a reply is on disk. */
  readonly offer: (items: readonly OutboxItem[]) => void;
  /** Limits receipts and automatic replies to strangers. */
  readonly strangersRation: TokenBucket;
  readonly profile: () => Profile;
}): (event: DomainEvent) => void {
  const { identity, store, clock, log, strangersRation } = deps;
  const repliedAt = new Map<Pubkey, MonotonicMs>();

  async function reply(peer: Pubkey, query: 'ping' | 'profile'): Promise<void> {
    const nowMs = clock.now();
    const sinceMs = clock.monotonic() - (repliedAt.get(peer) ?? Number.NEGATIVE_INFINITY);
    if (sinceMs < messagingLimits.query.pauseSeconds * 1000) return;
    if (repliedAt.size >= messagingLimits.query.peers) repliedAt.clear();
    repliedAt.set(peer, clock.monotonic());
    const payload = query === 'ping' ? pongPayload(nowMs) : profilePayload(nowMs, deps.profile());
    const known = store.peek((tables) => tables.peers.get(peer));
    if (!known || known.trust === 'blocked') return;
    if (!store.peek((tables) => isCorrespondent(tables, peer)) && !strangersRation.take()) return;
    const confirmedMs = deps.confirmedNow();
    const item: OutboxItem = {
      event: identity.sealDm(peer, payload, toUnixSec(nowMs), dialectOf(known).codec).event,
      peer,
      purpose: 'reply',
      payload,
      createdAtMs: confirmedMs,
      expiresAtMs: confirmedMs + messagingLimits.query.replyMinutes * minuteMs,
    };
    await store.transaction((tables) => tables.outbox.insert(item));
    deps.offer([item]);
  }

  return (event) => {
    if (event.type !== 'query.received') return;
    reply(event.peer, event.query).catch((error) =>
      log.error('a query could not be answered', { peer: event.peer, reason: String(error) }),
    );
  };
}
