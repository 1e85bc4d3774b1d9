import { hourMs, minuteMs, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type NostrEvent, type Presence, readPresence, wireLimits } from '@ocmesh/shared/wire';
import type { EventHandler } from '../ingest/inspect.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { newPeer, type PeerRecord } from '../model/peer.ts';
import { accept, refuse, type Verdict } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { checkAs } from '../trust/verification-rates.ts';
import { meshLimits } from './limits.ts';

/** Turns presence events into peers. Keeps no event ids: the newest `created_at` of a peer makes older presences stale. */
export function createPresenceHandler(deps: {
  readonly makeRoom: (tables: Tables) => boolean;
  readonly correctedNow: () => UnixMs;
}): EventHandler {
  /** When unknown keys went offline. A relay may deliver their older presences afterwards. */
  const departed = new Map<Pubkey, number>();

  function noteDeparted({ pubkey, createdAtSec }: Presence): void {
    departed.delete(pubkey);
    departed.set(pubkey, createdAtSec);
    if (departed.size > meshLimits.departedKeys) departed.delete(departed.keys().next().value as Pubkey);
  }

  /**
   * Whether we know a newer presence. One that is too far in the future to be accepted now came while a relay with a wrong
   * clock was the only one: it must not make what the peer says now stale.
   */
  const isStale = (createdAtSec: number, knownSec: number): boolean =>
    createdAtSec <= knownSec && knownSec <= toUnixSec(deps.correctedNow()) + wireLimits.event.futureSeconds;

  return {
    remember: false,
    classify(event, tables) {
      const peer = tables.peers.get(event.pubkey);
      const knownSec = peer?.presenceAtSec ?? departed.get(event.pubkey) ?? Number.NEGATIVE_INFINITY;
      if (isStale(event.created_at, knownSec)) return refuse('stale');
      return peer ? checkAs.knownPeer : checkAs.newPeer;
    },
    open(event: NostrEvent, nowMs: UnixMs) {
      const presence = readPresence(event, toUnixSec(nowMs));
      if (!presence) return refuse('no_presence');
      return accept({
        sortSec: event.created_at,
        sortSeq: 0,
        apply(tables, { receivedAtMs }) {
          if (!presence.online && !tables.peers.get(presence.pubkey)) noteDeparted(presence);
          const isOver = presence.createdAtSec <= (departed.get(presence.pubkey) ?? 0);
          if (isOver) return accept([]);
          const known = tables.peers.get(presence.pubkey);
          if (known && isStale(presence.createdAtSec, known.presenceAtSec)) return accept([]);
          return takePresence(tables, presence, receivedAtMs, deps.makeRoom);
        },
      });
    },
  };
}

/** Two intervals of the deployed mesh; a peer counts as online for three. */
const REPEAT_MS = 10 * minuteMs;

function takePresence(
  tables: Tables,
  presence: Presence,
  nowMs: UnixMs,
  makeRoom: (tables: Tables) => boolean,
): Verdict<readonly DomainEvent[]> {
  const known = tables.peers.get(presence.pubkey);
  if (!known && !makeRoom(tables)) return refuse('peers_full');
  const seenMs = Math.min(presence.createdAtSec * 1000, nowMs);
  const before = known ?? newPeer(presence.pubkey, nowMs, seenMs);
  const peer: PeerRecord = {
    ...before,
    name: presence.name ?? before.name,
    about: presence.profile ? presence.profile.about : before.about,
    capabilities: presence.profile?.capabilities ?? before.capabilities,
    version: presence.version,
    features: presence.features,
    presenceAtSec: presence.createdAtSec,
    onlineUntilMs: onlineUntilMs(presence, seenMs),
    lastSeenMs: presence.online ? Math.max(before.lastSeenMs, seenMs) : before.lastSeenMs,
    offlineSinceMs: presence.online ? null : nowMs,
  };
  tables.peers.put(peer);
  if (!known) return accept([{ type: 'peer.discovered', peer }]);
  return accept([{ type: 'peer.seen', peer, ...(isRepeat(known, peer) ? { isRepeat: true } : {}) }]);
}

/** Whether an online peer only said again that it is. One that was silent for longer may count as offline. */
function isRepeat(before: PeerRecord, now: PeerRecord): boolean {
  const wasOnline = before.offlineSinceMs === null && now.offlineSinceMs === null;
  const isSoon = now.lastSeenMs - before.lastSeenMs < REPEAT_MS;
  const saysOf = ({ name, about, capabilities, version, features }: PeerRecord): string =>
    JSON.stringify([name, about, capabilities, version, features]);
  return wasOnline && isSoon && saysOf(before) === saysOf(now);
}

/** Returns until when a presence counts if that is longer than usual: agents of a large mesh announce themselves seldom. */
function onlineUntilMs({ lifetimeSec }: Presence, seenMs: UnixMs): UnixMs {
  const { onlineWindowMinutes, longestPresenceHours } = meshLimits;
  const ms = (lifetimeSec ?? 0) * 1000;
  return ms > onlineWindowMinutes * minuteMs ? seenMs + Math.min(ms, longestPresenceHours * hourMs) : 0;
}
