import { toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { type NostrEvent, type Presence, readPresence } from '@ocmesh/shared/wire';
import type { EventHandler } from '../ingest/examine.ts';
import type { Refused } from '../ingest/verdict.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { newPeer, type PeerRecord } from '../model/peer.ts';
import type { Tables } from '../ports/store.ts';

/** Presence events → peers. Not remembered one by one: the newest `created_at` of a peer makes older ones stale. */
export function createPresenceHandler(makeRoom: (tables: Tables) => boolean): EventHandler {
  return {
    remember: false,
    look(event, tables) {
      const peer = tables.peers.get(event.pubkey);
      if (!peer) return 'unknown';
      return event.created_at <= peer.presenceAtSec ? 'stale' : 'known';
    },
    open(event: NostrEvent, nowMs: UnixMs) {
      const presence = readPresence(event, toUnixSec(nowMs));
      if (!presence) return { refusal: 'no_presence' };
      return {
        sortSec: event.created_at,
        sortSeq: 0,
        apply: (tables, { receivedAtMs }) => takePresence(tables, presence, receivedAtMs, makeRoom),
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
  // A goodbye from somebody we never met is no news.
  if (!known && !presence.online) return [];
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
