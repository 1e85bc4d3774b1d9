import { type Clock, hourMs, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { PeerRecord } from '../model/peer.ts';
import type { Tables } from '../ports/store.ts';
import { trustLimits } from './limits.ts';

const AUTO_MS = trustLimits.loop.autoSeconds * 1000;
/** Messages of the last minute among which the newest incoming one is looked for: of a conversation, and of all. */
const LOOKED_AT = { conversation: 1_000, all: 200 };
const PAUSE_MS = trustLimits.loop.pauseMinutes * minuteMs;

interface Pause {
  readonly sinceMs: UnixMs;
  readonly untilMs: UnixMs;
}

/** What a message to a peer is, or why it must not go now. */
type LoopVerdict =
  /** Automatic messages in a row, this one included; 0 for a person's. */
  { readonly hops: number } | { readonly paused: Pause };

export interface LoopGuard {
  /** For a message that is about to be stored. Pauses the conversation where it has to: that must be committed. */
  judge(tables: Tables, peer: PeerRecord, byPerson: boolean): LoopVerdict;
  pauseOf(tables: Tables, peer: Pubkey): Pause | null;
  /** Peers to whom nothing automatic goes at the moment. */
  paused(tables: Tables): Pubkey[];
  /** From now on everything counts anew. */
  resume(tables: Tables, peer: Pubkey): void;
}

/**
 * Two programs that answer each other would do so for ever, on their owners' money. An answer within a minute counts as
 * automatic; more of them in an hour than two minds need, or too many in a row over any number of agents, and the
 * conversation pauses. What the peer sends still arrives.
 */
export function createLoopGuard(deps: { readonly clock: Clock }): LoopGuard {
  const { clock } = deps;

  function pauseOf(tables: Tables, peer: Pubkey): Pause | null {
    const sinceMs = tables.loops.get(peer)?.pausedAtMs ?? null;
    return sinceMs !== null && isOn(sinceMs) ? { sinceMs, untilMs: sinceMs + PAUSE_MS } : null;
  }

  /** One that begins in the future was made by a wrong clock. */
  function isOn(sinceMs: UnixMs): boolean {
    const ageMs = clock.now() - sinceMs;
    return ageMs >= 0 && ageMs < PAUSE_MS;
  }

  /** Automatic messages in a row, this one included. In a ring of agents nobody answers whom it heard. */
  function hopsOf(tables: Tables, peer: Pubkey): number {
    const nowMs = clock.now();
    const minute = { fromMs: nowMs - AUTO_MS, toMs: nowMs + AUTO_MS };
    const answered = tables.messages.newestIncoming({ ...minute, peer, limit: LOOKED_AT.conversation });
    if (answered) return answered.hops + 1;
    const passedOn = tables.messages.newestIncoming({ ...minute, limit: LOOKED_AT.all });
    if (!passedOn) return 0;
    // A stranger shall not be able to stop other conversations by naming a huge row.
    return tables.peers.get(passedOn.peer)?.trust === 'contact' ? passedOn.hops + 1 : 1;
  }

  /** Those of the last hour, or since the owner resumed. What a clock that was ahead dated does not count. */
  function countAutomatic(tables: Tables, peer: Pubkey): number {
    const nowMs = clock.now();
    const resumedMs = tables.loops.get(peer)?.countFromMs ?? 0;
    const sinceMs = Math.max(nowMs - hourMs, resumedMs > nowMs ? 0 : resumedMs);
    return tables.messages.countAutomatic(peer, sinceMs) - tables.messages.countAutomatic(peer, nowMs);
  }

  return {
    judge(tables, { pubkey, trust }, byPerson) {
      if (byPerson) return { hops: 0 };
      const pause = pauseOf(tables, pubkey);
      if (pause) return { paused: pause };
      const hops = hopsOf(tables, pubkey);
      if (hops === 0) return { hops };
      const nowMs = clock.now();
      const budget = trust === 'contact' ? trustLimits.loop.autoPerHourContact : trustLimits.loop.autoPerHour;
      const isLoop = hops > trustLimits.loop.autoHops || countAutomatic(tables, pubkey) >= budget;
      if (!isLoop) return { hops };
      tables.loops.set(pubkey, { pausedAtMs: nowMs, countFromMs: nowMs - hourMs });
      return { paused: { sinceMs: nowMs, untilMs: nowMs + PAUSE_MS } };
    },

    pauseOf,
    paused: (tables) =>
      tables.loops
        .pausedSince(clock.now() - PAUSE_MS)
        .filter(({ pausedAtMs }) => isOn(pausedAtMs))
        .map(({ peer }) => peer),
    resume: (tables, peer) => tables.loops.set(peer, { pausedAtMs: null, countFromMs: clock.now() }),
  };
}
