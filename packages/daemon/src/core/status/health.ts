import { type Clock, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { HealthReason } from '../model/domain-events.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { statusLimits } from './limits.ts';
import { medianOf } from './median.ts';

const PATIENCE_MS = statusLimits.noRelaySeconds * 1000;
const CLOCK_OFF_MS = statusLimits.clockOffMinutes * minuteMs;

/** By the clock that never jumps and by the one that people read. */
interface Since {
  readonly monotonic: number;
  readonly wallMs: UnixMs;
}

export interface Health {
  /** Why the daemon cannot do its work; empty while it can. */
  reasons(): HealthReason[];
}

/**
 * Degraded: no relay, or none to read messages from, for 15 s (also at start); a store that refuses; a wrong clock.
 * Since when is known as well as it is asked: at each change of a relay, and every few seconds.
 */
export function createHealth(deps: {
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly inboxFullSince: () => UnixMs | null;
}): Health {
  const { network, store, clock } = deps;
  /** Since when none of our relays is connected. */
  let alone: Since | null = now();
  /** Since when some are, but our messages cannot be read from any. */
  let deaf: Since | null = null;
  let clockOff: { readonly wallMs: UnixMs } | null = null;

  function now(): Since {
    return { monotonic: clock.monotonic(), wallMs: clock.now() };
  }

  /** @returns by how much our clock differs from the relays', where that is too much */
  function look(): number | null {
    const open = network.relays().filter((relay) => relay.role === 'own' && relay.open);
    const isDeaf = open.length > 0 && !open.some((relay) => relay.carriesDms);
    alone = open.length > 0 ? null : (alone ?? now());
    deaf = isDeaf ? (deaf ?? now()) : null;
    // The median: some relays have a wrong clock themselves.
    const offsetMs = medianOf(open.flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []));
    const isOff = offsetMs !== null && Math.abs(offsetMs) > CLOCK_OFF_MS;
    clockOff = isOff ? (clockOff ?? now()) : null;
    return isOff ? offsetMs : null;
  }

  const lasting = (since: Since | null): since is Since =>
    since !== null && clock.monotonic() - since.monotonic >= PATIENCE_MS;

  function relayReasons(): HealthReason[] {
    if (lasting(alone)) {
      return [
        {
          code: 'no_relay',
          message: 'No relay is connected: nothing arrives and nothing goes out.',
          sinceMs: alone.wallMs,
        },
      ];
    }
    if (!lasting(deaf)) return [];
    return [
      {
        code: 'no_dm_relay',
        message: 'No relay lets us read our messages: what others write stays there.',
        sinceMs: deaf.wallMs,
      },
    ];
  }

  function storageRefuses(): HealthReason[] {
    const refusal = store.refusal();
    if (!refusal) return [];
    const full = refusal.code === 'storage_full';
    return [
      {
        code: 'storage_refuses',
        problem: refusal.code,
        message: full ? 'The disk is full: nothing can be stored.' : 'The store cannot be written.',
        sinceMs: refusal.since,
      },
    ];
  }

  function inboxFull(): HealthReason[] {
    const since = deps.inboxFullSince();
    if (since === null) return [];
    return [
      {
        code: 'inbox_full',
        message:
          'The store is full of messages that may not be removed: new ones are refused and stay on the relays.',
        sinceMs: since,
      },
    ];
  }

  function wrongClock(offsetMs: number | null): HealthReason[] {
    if (offsetMs === null || !clockOff) return [];
    const minutes = Math.round(Math.abs(offsetMs) / 60_000);
    return [
      {
        code: 'clock_off',
        message: `The clock of this machine is ${minutes} minutes ${offsetMs > 0 ? 'behind' : 'ahead of'} those of the relays: they and other agents may refuse what it dates.`,
        sinceMs: clockOff.wallMs,
      },
    ];
  }

  return {
    reasons() {
      const offsetMs = look();
      return [...relayReasons(), ...storageRefuses(), ...inboxFull(), ...wrongClock(offsetMs)];
    },
  };
}
