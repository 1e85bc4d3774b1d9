import type { Clock, UnixMs } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import { toNpub } from '../identity/public-key-text.ts';
import type { Crowded } from '../messaging/retention.ts';
import type { HealthReason, HealthWarning } from '../model/domain-events.ts';
import type { Conduct } from '../model/relay.ts';
import type { RelayNetwork, RelaySnapshot } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { createProxyHealth } from './proxy-health.ts';
import { createRelayHealth } from './relay-health.ts';

const MIB = 1024 * 1024;

export interface Health {
  /** Why the daemon cannot do its work; empty while it can. */
  reasons(): HealthReason[];
  /** What works, but barely: the next failure of this kind would stop the daemon from doing its work. */
  warnings(): HealthWarning[];
}

/**
 * Decides whether the daemon is degraded: no relay to publish to or to read from (relay-health.ts), or no proxy to reach
 * them; a store that cannot be
 * written, has no room, or is on a disk that does not respond; another daemon with our key.
 */
export function createHealth(deps: {
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  /** Whose messages leave no room for more, and since when; null while there is room. */
  readonly crowded: () => Crowded | null;
  /** Whether a relay lets us see which agents are there. */
  readonly showsPresences: (url: string) => boolean;
  /** What we found out about a relay. */
  readonly conductOf: (url: string) => Conduct;
  /** Whether a relay refuses the date of everything we write. */
  readonly refusesDates: (url: string) => boolean;
  /** Since when another daemon with our key is online. */
  readonly twinSince: () => UnixMs | null;
  /** Returns the number of messages that no connected relay will be asked for. */
  readonly stalledMessages: () => number;
}): Health {
  const { network, store } = deps;
  const relayHealth = createRelayHealth(deps);
  const proxyReasons = createProxyHealth(deps);

  function storageReasons(): HealthReason[] {
    const refusal = store.refusal();
    if (!refusal) return [];
    if (refusal.code === 'storage_slow') {
      return [
        {
          code: 'storage_slow',
          message: 'The disk does not confirm what is written: nothing more is stored until it does.',
          sinceMs: refusal.since,
        },
      ];
    }
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
    const crowded = deps.crowded();
    if (!crowded) return [];
    const { sinceMs, peers } = crowded;
    const named = peers.map(
      // Only the owner's own words: a peer chooses its name itself.
      ({ pubkey, alias, bytes }) =>
        `${alias === null ? '' : `${cleanLine(alias, limits.peer.aliasChars)}, `}${toNpub(pubkey)} (${Math.ceil(bytes / MIB)} MiB)`,
    );
    return [
      {
        code: 'inbox_full',
        message: `Unread messages leave no room for new ones, which are refused and stay on the relays. Most room is taken by ${named.join('; ')}.`,
        peers: peers.map(({ pubkey }) => pubkey),
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

  /** That no relay is connected is the proxy's fault, if it does not work. */
  function connectionReasons(): HealthReason[] {
    const ofRelays = relayHealth.reasons(openRelays());
    const noRelay = ofRelays.find(({ code }) => code === 'no_relay');
    const ofProxy = proxyReasons(noRelay?.sinceMs ?? null);
    return ofProxy.length === 0 ? ofRelays : [...ofProxy, ...ofRelays.filter((reason) => reason !== noRelay)];
  }

  return {
    reasons: () => [...connectionReasons(), ...storageReasons(), ...inboxReasons(), ...twinReasons()],
    warnings: () => relayHealth.warnings(openRelays()),
  };
}
