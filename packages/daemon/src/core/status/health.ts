import { type Clock, toIso, type UnixMs } from '@ocmesh/shared/ambient';
import { limits, type Reason } from '@ocmesh/shared/contract';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';

export interface Health {
  /** Why the daemon cannot do its work; empty while it can. */
  reasons(): Reason[];
  onConnected(): void;
  onDisconnected(): void;
}

/** Degraded: no relay for 15 s (also at start), or a store that refuses. */
export function createHealth(deps: {
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly inboxFullSince: () => UnixMs | null;
}): Health {
  const { network, store, clock } = deps;
  /** Since when no relay is connected, by the clock that never jumps and by the one that people read. */
  let alone: { monotonic: number; wallMs: UnixMs } | null = now();

  function now() {
    return { monotonic: clock.monotonic(), wallMs: clock.now() };
  }

  function noRelay(): Reason[] {
    if (!alone || clock.monotonic() - alone.monotonic < limits.noRelaySeconds * 1000) return [];
    return [
      {
        code: 'no_relay',
        message: 'No relay is connected: nothing arrives and nothing goes out.',
        since: toIso(alone.wallMs),
        next_step:
          'Check the internet connection and the relay list; GET /relays says what each relay answered.',
      },
    ];
  }

  function storageRefuses(): Reason[] {
    const refusal = store.refusal();
    if (!refusal) return [];
    const full = refusal.code === 'storage_full';
    return [
      {
        code: 'storage_refuses',
        message: full ? 'The disk is full: nothing can be stored.' : 'The store cannot be written.',
        since: toIso(refusal.since),
        next_step: full ? 'Free some space; no restart is needed.' : 'Look at ocmesh.log for the reason.',
      },
    ];
  }

  function inboxFull(): Reason[] {
    const since = deps.inboxFullSince();
    if (since === null) return [];
    return [
      {
        code: 'inbox_full',
        message:
          'The store is full of messages that may not be removed: new ones are refused and stay on the relays.',
        since: toIso(since),
        next_step: 'Mark messages as read: POST /messages/read. The oldest read ones make room.',
      },
    ];
  }

  return {
    reasons: () => [...noRelay(), ...storageRefuses(), ...inboxFull()],
    onConnected() {
      alone = null;
    },
    onDisconnected() {
      if (!alone && !network.relays().some((relay) => relay.role === 'own' && relay.open)) alone = now();
    },
  };
}
