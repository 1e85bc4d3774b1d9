import { type Cancel, type Clock, minuteMs } from '@ocmesh/shared/ambient';
import type { RelaySnapshot } from '../../core/ports/relay-network.ts';
import type { AddressPolicy } from './address-policy.ts';
import { nostrLimits } from './limits.ts';
import type { Session } from './session.ts';

const IDLE_MS = nostrLimits.peerRelay.idleMinutes * minuteMs;

interface Held {
  readonly session: Session;
  usedAt: number;
  cancel: Cancel;
}

const isAway = ({ open, state }: RelaySnapshot): boolean => !open && state !== 'connecting';

/** Relays of peers, held while there is something to write to them. */
export function createForeignRelays(deps: {
  readonly clock: Clock;
  readonly policy: AddressPolicy;
  readonly openSession: (url: string) => Session;
  /** It is no longer held. */
  readonly letGo: (url: string, session: Session) => void;
}) {
  const { clock, policy } = deps;
  const relays = new Map<string, Held>();

  function drop(url: string): void {
    const held = relays.get(url);
    if (!held) return;
    held.cancel();
    relays.delete(url);
    deps.letGo(url, held.session);
  }

  /** Each use counts anew. */
  function touch(url: string, held: Held): void {
    held.usedAt = clock.monotonic();
    held.cancel();
    held.cancel = clock.after(IDLE_MS, () => onIdle(url, held));
  }

  /** One that is left alone is remembered for so long, lest the next write knocks at once. */
  function onIdle(url: string, held: Held): void {
    const { backoffUntil } = held.session.snapshot();
    if (backoffUntil === null) return drop(url);
    held.cancel = clock.after(Math.max(0, backoffUntil - clock.now() - 1), () => drop(url));
  }

  /** Whoever is not there gives way to somebody who may be. */
  function makeRoom(): boolean {
    if (relays.size < nostrLimits.peerRelay.connections) return true;
    const [idlest] = [...relays]
      .filter(([, { session }]) => isAway(session.snapshot()))
      .sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (idlest) drop(idlest[0]);
    return idlest !== undefined;
  }

  return {
    reach(url: string): void {
      const held = relays.get(url);
      if (held) return touch(url, held);
      if (!policy.allows(url) || !makeRoom()) return;
      const fresh: Held = { session: deps.openSession(url), usedAt: 0, cancel: () => {} };
      relays.set(url, fresh);
      touch(url, fresh);
      fresh.session.start();
    },
    get: (url: string): Session | undefined => relays.get(url)?.session,
    /** For a write, which keeps it. */
    used(url: string): Session | undefined {
      const held = relays.get(url);
      if (held) touch(url, held);
      return held?.session;
    },
    drop,
    sessions: (): Session[] => [...relays.values()].map(({ session }) => session),
    clear(): void {
      for (const { cancel } of relays.values()) cancel();
      relays.clear();
    },
  };
}
