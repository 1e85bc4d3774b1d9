import { toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type NostrEvent, type Presence, readPresence } from '@ocmesh/shared/wire';
import type { EventHandler } from '../ingest/inspect.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { newPeer, type PeerRecord } from '../model/peer.ts';
import type { Refused } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { meshLimits } from './limits.ts';

/** Presence events → peers. Not remembered one by one: the newest `created_at` of a peer makes older ones stale. */
export function createPresenceHandler(makeRoom: (tables: Tables) => boolean): EventHandler {
  /** Of keys that we never met: when they said goodbye. A relay may hand out what they said before it later. */
  const goodbyes = new Map<Pubkey, number>();

  function noteGoodbye({ pubkey, createdAtSec }: Presence): void {
    goodbyes.delete(pubkey);
    goodbyes.set(pubkey, createdAtSec);
    if (goodbyes.size > meshLimits.departedKeys) goodbyes.delete(goodbyes.keys().next().value as Pubkey);
  }

  return {
    remember: false,
    look(event, tables) {
      const peer = tables.peers.get(event.pubkey);
      const knownSec = peer?.presenceAtSec ?? goodbyes.get(event.pubkey) ?? Number.NEGATIVE_INFINITY;
      if (event.created_at <= knownSec) return 'stale';
      return peer ? 'known' : 'unknown';
    },
    open(event: NostrEvent, nowMs: UnixMs) {
      const presence = readPresence(event, toUnixSec(nowMs));
      if (!presence) return { refusal: 'no_presence' };
      return {
        sortSec: event.created_at,
        sortSeq: 0,
        apply(tables, { receivedAtMs }) {
          if (!presence.online && !tables.peers.get(presence.pubkey)) noteGoodbye(presence);
          const isOver = presence.createdAtSec <= (goodbyes.get(presence.pubkey) ?? 0);
          return isOver ? [] : takePresence(tables, presence, receivedAtMs, makeRoom);
        },
      };
    },
  };
}

function takePresence(
  tables: Tables,
  presence: Presence,
  nowMs: UnixMs,
  makeRoom: (tables: Tables) => boolean,
): DomainEvent[] | Refused {
  const known = tables.peers.get(presence.pubkey);
  if (known && presence.createdAtSec <= known.presenceAtSec) return [];
  if (!known && !makeRoom(tables)) return { refusal: 'peers_full', isFinal: false };
  const seenMs = Math.min(presence.createdAtSec * 1000, nowMs);
  const before = known ?? newPeer(presence.pubkey, nowMs, seenMs);
  const peer: PeerRecord = {
    ...before,
    name: presence.name ?? before.name,
    version: presence.version,
    features: presence.features,
    presenceAtSec: presence.createdAtSec,
    lastSeenMs: presence.online ? Math.max(before.lastSeenMs, seenMs) : before.lastSeenMs,
    offlineSinceMs: presence.online ? null : nowMs,
  };
  tables.peers.put(peer);
  return [{ type: known ? 'peer.seen' : 'peer.discovered', peer }];
}
