import type { TokenBucket } from '@ocmesh/shared/ambient';
import { type Clock, type Log, minuteMs, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { dialectOf, pongPayload, profilePayload } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { Store } from '../ports/store.ts';
import { isCorrespondent } from '../trust/correspondents.ts';
import { messagingLimits } from './limits.ts';

/** The feature `query`: the daemon answers `ping` and `profile` by itself. */
export function createQueryAnswers(
  deps: {
    identity: Identity;
    store: Store;
    clock: Clock;
    log: Log;
    offer: (items: readonly OutboxItem[]) => void;
    /** Of what goes to strangers by itself. */
    strangersRation: TokenBucket;
  },
  options: { readonly name: string | null },
): (event: DomainEvent) => void {
  const { identity, store, clock, log, strangersRation } = deps;
  /** By the clock that never jumps. */
  const answeredAt = new Map<Pubkey, number>();

  async function answer(peer: Pubkey, query: 'ping' | 'profile'): Promise<void> {
    const nowMs = clock.now();
    const sinceMs = clock.monotonic() - (answeredAt.get(peer) ?? Number.NEGATIVE_INFINITY);
    if (sinceMs < messagingLimits.query.pauseSeconds * 1000) return;
    if (answeredAt.size >= messagingLimits.query.peers) answeredAt.clear();
    answeredAt.set(peer, clock.monotonic());
    const payload = query === 'ping' ? pongPayload(nowMs) : profilePayload(nowMs, options.name);
    const known = store.peek((tables) => tables.peers.get(peer));
    if (!known || known.trust === 'blocked') return;
    if (!store.peek((tables) => isCorrespondent(tables, peer)) && !strangersRation.take()) return;
    const item: OutboxItem = {
      event: identity.sealDm(peer, payload, toUnixSec(nowMs), dialectOf(known).codec).event,
      peer,
      purpose: 'reply',
      expiresAtMs: nowMs + messagingLimits.query.replyMinutes * minuteMs,
    };
    await store.transaction((tables) => tables.outbox.insert(item));
    deps.offer([item]);
  }

  return (event) => {
    if (event.type !== 'query.received') return;
    answer(event.peer, event.query).catch((error) =>
      log.error('a query could not be answered', { peer: event.peer, reason: String(error) }),
    );
  };
}
