import { type Cancel, type Clock, type MonotonicMs, minuteMs } from '@ocmesh/shared/ambient';
import type { RelaySnapshot } from '../../core/ports/relay-network.ts';
import type { AddressPolicy } from './address-policy.ts';
import { nostrLimits } from './limits.ts';
import type { Session } from './session.ts';

const IDLE_MS = nostrLimits.peerRelay.idleMinutes * minuteMs;

interface Kept {
  readonly session: Session;
  usedAt: MonotonicMs;
  cancel: Cancel;
}

const isDown = ({ open, state }: RelaySnapshot): boolean => !open && state !== 'connecting';

/** Connections to relays of peers, each kept while we write to it. */
export function createPeerRelays(deps: {
  readonly clock: Clock;
  readonly policy: AddressPolicy;
  readonly openSession: (url: string) => Session;
  /** Stops a session that is no longer kept. */
  readonly stopSession: (url: string, session: Session) => void;
}) {
  const { clock, policy } = deps;
  const relays = new Map<string, Kept>();

  function drop(url: string): void {
    const kept = relays.get(url);
    if (!kept) return;
    kept.cancel();
    relays.delete(url);
    deps.stopSession(url, kept.session);
  }

  /** Starts the idle time over. */
  function touch(url: string, kept: Kept): void {
    kept.usedAt = clock.monotonic();
    kept.cancel();
    kept.cancel = clock.after(IDLE_MS, () => onIdle(url, kept));
  }

  /** Drops an idle relay, but only after its back-off: the next write would connect at once. */
  function onIdle(url: string, kept: Kept): void {
    const { backoffUntil } = kept.session.snapshot();
    if (backoffUntil === null) return drop(url);
    kept.cancel = clock.after(Math.max(0, backoffUntil - clock.now() - 1), () => drop(url));
  }

  /** Returns whether there is room for one more; drops the relay that is down and was unused for longest. */
  function makeRoom(): boolean {
    if (relays.size < nostrLimits.peerRelay.connections) return true;
    const [idlest] = [...relays]
      .filter(([, { session }]) => isDown(session.snapshot()))
      .sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (idlest) drop(idlest[0]);
    return idlest !== undefined;
  }

  return {
    reach(url: string): void {
      const kept = relays.get(url);
      if (kept) return touch(url, kept);
      if (!policy.allows(url) || !makeRoom()) return;
      const fresh: Kept = { session: deps.openSession(url), usedAt: 0, cancel: () => {} };
      relays.set(url, fresh);
      touch(url, fresh);
      fresh.session.start();
    },
    get: (url: string): Session | undefined => relays.get(url)?.session,
    /** Returns the session for a write, which keeps the connection longer. */
    used(url: string): Session | undefined {
      const kept = relays.get(url);
      if (kept) touch(url, kept);
      return kept?.session;
    },
    drop,
    sessions: (): Session[] => [...relays.values()].map(({ session }) => session),
    clear(): void {
      for (const { cancel } of relays.values()) cancel();
      relays.clear();
    },
  };
}
