import { type ConfirmedMs, hourMs, minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { PeerRecord } from '../model/peer.ts';
import type { Tables } from '../ports/store.ts';
import { trustLimits } from './limits.ts';

const AUTO_MS = trustLimits.loop.autoSeconds * 1000;
const PAUSE_MS = trustLimits.loop.pauseMinutes * minuteMs;

interface Pause {
  readonly sinceMs: UnixMs;
  readonly untilMs: UnixMs;
}

/** Whether a message may go to a peer now. */
type LoopDecision =
  /** Automatic messages in a row, including this one; 0 for a message by a person. */
  { readonly hops: number } | { readonly paused: Pause; readonly isNew: boolean };

export interface LoopGuard {
  /** Decides about a message before it is stored. May pause the conversation: the transaction must then be committed. */
  decide(tables: Tables, peer: PeerRecord, byPerson: boolean): LoopDecision;
  pauseOf(tables: Tables, peer: Pubkey): Pause | null;
  /** Returns the peers whose conversations are paused now. */
  paused(tables: Tables): Pubkey[];
  /** Ends a pause and resets the counts. */
  resume(tables: Tables, peer: Pubkey): void;
}

/**
 * Pauses a conversation in which two programs keep replying to each other: they would never stop, at their owners' cost. A
 * reply within a minute counts as automatic. Too many in an hour, or too many in a row over any number of agents, pause
 * the conversation. Messages of the peer still arrive.
 */
export function createLoopGuard(deps: {
  /** Time that no jump of the clock moves: it must neither end a pause nor make messages look automatic. */
  readonly confirmedNow: () => ConfirmedMs;
  readonly toDate: (confirmedMs: ConfirmedMs) => UnixMs;
}): LoopGuard {
  const { confirmedNow, toDate } = deps;

  const datesOf = (pausedAtMs: ConfirmedMs): Pause => ({
    sinceMs: toDate(pausedAtMs),
    untilMs: toDate(pausedAtMs + PAUSE_MS),
  });

  function pauseOf(tables: Tables, peer: Pubkey): Pause | null {
    const pausedAtMs = tables.loops.get(peer)?.pausedAtMs ?? null;
    return pausedAtMs !== null && isOn(pausedAtMs) ? datesOf(pausedAtMs) : null;
  }

  /** A pause that begins in the future was made by an older version with a wrong clock. */
  function isOn(pausedAtMs: ConfirmedMs): boolean {
    const ageMs = confirmedNow() - pausedAtMs;
    return ageMs >= 0 && ageMs < PAUSE_MS;
  }

  /** Counts automatic messages in a row, including this one. In a ring of agents, each passes on what another one sent. */
  function hopsOf(tables: Tables, peer: Pubkey): number {
    const nowMs = confirmedNow();
    const minute = { fromMs: nowMs - AUTO_MS, toMs: nowMs + AUTO_MS };
    const repliedTo = tables.messages.newestIncoming({ ...minute, peer });
    if (repliedTo) return repliedTo.hops + 1;
    const passedOn = tables.messages.newestIncoming(minute);
    if (!passedOn) return 0;
    // Strangers' counts are not trusted: a huge one would pause our conversations with others.
    return tables.peers.get(passedOn.peer)?.trust === 'contact' ? passedOn.hops + 1 : 1;
  }

  /** Whether that many were sent in the last hour, or since the owner resumed. Ignores messages dated by a clock that was ahead. */
  function hasSent(tables: Tables, peer: Pubkey, limit: number): boolean {
    const nowMs = confirmedNow();
    const resumedMs = tables.loops.get(peer)?.countFromMs ?? 0;
    const afterMs = Math.max(nowMs - hourMs, resumedMs > nowMs ? 0 : resumedMs);
    return tables.messages.countAutomatic(peer, { afterMs, toMs: nowMs, limit }) >= limit;
  }

  return {
    decide(tables, { pubkey, trust }, byPerson) {
      if (byPerson) return { hops: 0 };
      const pause = pauseOf(tables, pubkey);
      if (pause) return { paused: pause, isNew: false };
      const hops = hopsOf(tables, pubkey);
      if (hops === 0) return { hops };
      const nowMs = confirmedNow();
      const budget = trust === 'contact' ? trustLimits.loop.autoPerHourContact : trustLimits.loop.autoPerHour;
      const isLoop = hops > trustLimits.loop.autoHops || hasSent(tables, pubkey, budget);
      if (!isLoop) return { hops };
      tables.loops.set(pubkey, { pausedAtMs: nowMs, countFromMs: nowMs - hourMs });
      return { paused: datesOf(nowMs), isNew: true };
    },

    pauseOf,
    paused: (tables) =>
      tables.loops
        .pausedSince(confirmedNow() - PAUSE_MS)
        .filter(({ pausedAtMs }) => isOn(pausedAtMs))
        .map(({ peer }) => peer),
    resume: (tables, peer) => tables.loops.set(peer, { pausedAtMs: null, countFromMs: confirmedNow() }),
  };
}
