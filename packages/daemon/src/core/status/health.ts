import { type Clock, type MonotonicMs, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import { toNpub } from '../identity/public-key-text.ts';
import type { Crowded } from '../messaging/retention.ts';
import type { HealthReason } from '../model/domain-events.ts';
import type { RelayNetwork, RelaySnapshot } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { statusLimits } from './limits.ts';
import { medianOf } from './median.ts';

const GRACE_MS = statusLimits.noRelaySeconds * 1000;
const MIB = 1024 * 1024;
const CLOCK_OFF_MS = statusLimits.clockOffMinutes * minuteMs;

/** A moment on both clocks: one measures how long a condition lasts, the other is shown to people. */
interface Moment {
  readonly monotonic: MonotonicMs;
  readonly wallMs: UnixMs;
}

export interface Health {
  /** Why the daemon cannot do its work; empty while it can. */
  reasons(): HealthReason[];
}

/**
 * Decides whether the daemon is degraded: no relay, or none to read messages from, for 15 s (also after the start); a
 * store that cannot be written, is full, or on a disk that does not respond; a wrong clock. A condition is noticed, and its time starts, when `reasons` is
 * called: at each change of a relay, and every few seconds.
 */
export function createHealth(deps: {
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  /** Whose messages leave no room for more, and since when; null while there is room. */
  readonly crowded: () => Crowded | null;
  /** Since when another daemon with our key is online. */
  readonly twinSince: () => UnixMs | null;
}): Health {
  const { network, store, clock } = deps;
  /** Since when none of our relays is connected. */
  let disconnectedSince: Moment | null = now();
  /** Since when some are connected, but we cannot read our messages from any. */
  let unreadableSince: Moment | null = null;
  let clockOffSince: Moment | null = null;

  function now(): Moment {
    return { monotonic: clock.monotonic(), wallMs: clock.now() };
  }

  const hasLasted = (since: Moment | null): since is Moment =>
    since !== null && clock.monotonic() - since.monotonic >= GRACE_MS;

  function relayReasons(open: readonly RelaySnapshot[]): HealthReason[] {
    const isUnreadable = open.length > 0 && !open.some((relay) => relay.carriesDms);
    disconnectedSince = open.length > 0 ? null : (disconnectedSince ?? now());
    unreadableSince = isUnreadable ? (unreadableSince ?? now()) : null;
    if (hasLasted(disconnectedSince)) {
      return [
        {
          code: 'no_relay',
          message: 'No relay is connected: nothing arrives and nothing goes out.',
          sinceMs: disconnectedSince.wallMs,
        },
      ];
    }
    if (!hasLasted(unreadableSince)) return [];
    return [
      {
        code: 'no_dm_relay',
        message: 'No relay lets us read our messages: they stay on the relays.',
        sinceMs: unreadableSince.wallMs,
      },
    ];
  }

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

  function clockReasons(open: readonly RelaySnapshot[]): HealthReason[] {
    // The median: some relays have a wrong clock themselves.
    const offsetMs = medianOf(open.flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []));
    const isOff = offsetMs !== null && Math.abs(offsetMs) > CLOCK_OFF_MS;
    clockOffSince = isOff ? (clockOffSince ?? now()) : null;
    if (!isOff || !clockOffSince) return [];
    const minutes = Math.round(Math.abs(offsetMs) / minuteMs);
    const direction = offsetMs > 0 ? 'behind' : 'ahead of';
    return [
      {
        code: 'clock_off',
        message: `The clock of this machine is ${minutes} minutes ${direction} those of the relays: relays and other agents may refuse what we send.`,
        sinceMs: clockOffSince.wallMs,
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

  return {
    reasons() {
      const open = network.relays().filter((relay) => relay.role === 'own' && relay.open);
      return [
        ...relayReasons(open),
        ...storageReasons(),
        ...inboxReasons(),
        ...clockReasons(open),
        ...twinReasons(),
      ];
    },
  };
}
