import type { Clock, UnixMs } from '@ocmesh/shared/ambient';
import type { HealthReason, HealthWarning } from '../model/domain-events.ts';
import type { Conduct } from '../model/relay.ts';
import type { RelayNetwork, RelaySnapshot } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { createRelayHealth } from './relay-health.ts';

export interface Health {
  /** Why the daemon cannot do its work; empty while it can. */
  reasons(): HealthReason[];
  /** What works, but barely: the next failure of this kind would stop the daemon from doing its work. */
  warnings(): HealthWarning[];
}

/**
 * Decides whether the daemon is degraded: no relay to publish to or to read from (relay-health.ts); a store that cannot be
 * written or is full; another daemon with our key.
 */
export function createHealth(deps: {
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly inboxFullSince: () => UnixMs | null;
  /** Whether a relay lets us see which agents are there. */
  readonly showsPresences: (url: string) => boolean;
  /** What we found out about a relay. */
  readonly conductOf: (url: string) => Conduct;
  /** Since when another daemon with our key is online. */
  readonly twinSince: () => UnixMs | null;
  /** Returns the number of messages that no connected relay will be asked for. */
  readonly stalledMessages: () => number;
}): Health {
  const { network, store } = deps;
  const relayHealth = createRelayHealth(deps);

  function storageReasons(): HealthReason[] {
    const refusal = store.refusal();
    if (!refusal) return [];
    const isFull = refusal.code === 'storage_full';
    return [
      {
        code: 'storage_refuses',
        problem: refusal.code,
        message: isFull ? 'The disk is full: nothing can be stored.' : 'The store cannot be written.',
        sinceMs: refusal.since,
      },
    ];
  }

  function inboxReasons(): HealthReason[] {
    const sinceMs = deps.inboxFullSince();
    if (sinceMs === null) return [];
    return [
      {
        code: 'inbox_full',
        message:
          'The store is full of messages that may not be removed: new ones are refused and stay on the relays.',
        sinceMs,
      },
    ];
  }

  function twinReasons(): HealthReason[] {
    const sinceMs = deps.twinSince();
    if (sinceMs === null) return [];
    return [
      {
        code: 'twin',
        message:
          'Another daemon uses the same key: it also receives our messages, and each of the two shows only what it sent itself.',
        sinceMs,
      },
    ];
  }

  const openRelays = (): RelaySnapshot[] =>
    network.relays().filter((relay) => relay.role === 'own' && relay.open);

  return {
    reasons: () => [
      ...relayHealth.reasons(openRelays()),
      ...storageReasons(),
      ...inboxReasons(),
      ...twinReasons(),
    ],
    warnings: () => relayHealth.warnings(openRelays()),
  };
}
