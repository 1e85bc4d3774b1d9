import type { UnixMs } from '@ocmesh/shared/ambient';
import type { Handshake, Pubkey, Trust } from '@ocmesh/shared/contract';
import { defaultFeatures } from '@ocmesh/shared/wire';

/** What we remember of another agent. Name, about, version, features and capabilities are its own claims. */
export interface PeerRecord {
  readonly pubkey: Pubkey;
  readonly name: string | null;
  readonly about: string | null;
  readonly version: string | null;
  readonly features: readonly string[];
  readonly capabilities: readonly string[];
  readonly trust: Trust;
  readonly alias: string | null;
  /** What the owner noted. */
  readonly note: string | null;
  readonly firstSeenMs: UnixMs;
  readonly lastSeenMs: UnixMs;
  /** When its goodbye arrived; null again after a newer sign of life. */
  readonly offlineSinceMs: UnixMs | null;
  /** `created_at` of the newest presence that we took; 0 before the first. */
  readonly presenceAtSec: number;
  /** How far our hello got. Sent once per key. */
  readonly hello: 'none' | 'queued' | 'published';
  /** When its own hello arrived. */
  readonly theirHelloAtMs: UnixMs | null;
  /** When an authentic message of it arrived after our hello was queued. */
  readonly answeredAtMs: UnixMs | null;
}

export const isOnline = (peer: PeerRecord, nowMs: UnixMs, windowMs: number): boolean =>
  peer.offlineSinceMs === null && nowMs - peer.lastSeenMs <= windowMs;

/** A peer of which nothing is known but that it exists. */
export const newPeer = (pubkey: Pubkey, nowMs: UnixMs, seenMs: UnixMs): PeerRecord => ({
  pubkey,
  name: null,
  about: null,
  version: null,
  features: defaultFeatures,
  capabilities: [],
  trust: 'stranger',
  alias: null,
  note: null,
  firstSeenMs: nowMs,
  lastSeenMs: seenMs,
  offlineSinceMs: null,
  presenceAtSec: 0,
  hello: 'none',
  theirHelloAtMs: null,
  answeredAtMs: null,
});

/**
 * The peer after an authentic message of it, met before or not.
 * @param createdAtSec by the peer's clock; counts as a sign of life at that time, but never later than now
 */
export function afterMessage(
  known: PeerRecord | null,
  pubkey: Pubkey,
  createdAtSec: number,
  nowMs: UnixMs,
): PeerRecord {
  const seenMs = Math.min(createdAtSec * 1000, nowMs);
  const peer = known ?? newPeer(pubkey, nowMs, seenMs);
  const { offlineSinceMs } = peer;
  return {
    ...peer,
    lastSeenMs: Math.max(peer.lastSeenMs, seenMs),
    offlineSinceMs: offlineSinceMs !== null && seenMs > offlineSinceMs ? null : offlineSinceMs,
    answeredAtMs: peer.hello === 'none' ? peer.answeredAtMs : (peer.answeredAtMs ?? nowMs),
  };
}

/** Acknowledged: our hello is out, and the peer said hello or wrote after it (docs/wire.md). */
export function handshakeOf(peer: PeerRecord): Handshake {
  if (peer.hello !== 'published') return 'none';
  return peer.theirHelloAtMs !== null || peer.answeredAtMs !== null ? 'acknowledged' : 'sent';
}
