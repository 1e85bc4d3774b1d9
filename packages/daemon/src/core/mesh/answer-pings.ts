import {
  type Clock,
  createTokenBucket,
  type MonotonicMs,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import { pongPayload } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { isCorrespondent } from '../trust/correspondents.ts';
import { meshLimits } from './limits.ts';

const { replyPauseSeconds, repliesBurst, repliesPerMinute, peers: PEERS } = meshLimits.ping;

/**
 * Replies to pings in ephemeral gift wraps, on the relay that brought them. Only contacts and peers our agent wrote to get a
 * reply: to all others, it would say when our agent is there.
 */
export function createAnswerPings(
  deps: {
    readonly identity: Identity;
    readonly store: Store;
    readonly network: RelayNetwork;
    readonly clock: Clock;
    readonly budget: Pick<WriteBudget, 'isSpared'>;
    readonly correctedNow: () => UnixMs;
  },
  /** `isHidden`: our agent announces itself nowhere, so it does not reply either. */
  { isHidden }: { readonly isHidden: boolean },
) {
  const { identity, store, network, clock } = deps;
  const replies = createTokenBucket(clock, { burst: repliesBurst, perSecond: repliesPerMinute / 60 });
  /** By peer and relay: the reply on another one may be on its way slowly, or lost. */
  const repliedAt = new Map<string, MonotonicMs>();
  let isStopped = false;

  function isTooSoon(place: string): boolean {
    const sinceMs = clock.monotonic() - (repliedAt.get(place) ?? Number.NEGATIVE_INFINITY);
    return sinceMs < replyPauseSeconds * 1000;
  }

  return {
    onEvent(event: DomainEvent): void {
      if (event.type !== 'ping.received' || isHidden || isStopped) return;
      const { peer, id, url } = event;
      const place = `${peer} ${url}`;
      if (deps.budget.isSpared(url) || isTooSoon(place)) return;
      if (!store.peek((tables) => isCorrespondent(tables, peer)) || !replies.take()) return;
      if (repliedAt.size >= PEERS) repliedAt.clear();
      repliedAt.set(place, clock.monotonic());
      const nowMs = deps.correctedNow();
      const pong = identity.sealDm(peer, pongPayload(nowMs), toUnixSec(nowMs), 'nip17', {
        replyTo: id,
        wrap: { nowSec: toUnixSec(nowMs), backDatedSec: 0, isEphemeral: true },
      });
      // Not counted against the write budget, like a presence: it stands for one.
      void network.publish(url, pong.event);
    },
    stop(): void {
      isStopped = true;
    },
  };
}
