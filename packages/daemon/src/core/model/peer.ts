import type { UnixMs } from '@ocmesh/shared/ambient';
import type { Handshake, Pubkey, Trust } from '@ocmesh/shared/contract';
import { defaultFeatures } from '@ocmesh/shared/wire';

/** Facts we keep about another agent. Name, about, version, features and capabilities are its own claims. */
export interface PeerRecord {
  readonly pubkey: Pubkey;
  readonly name: string | null;
  readonly about: string | null;
  readonly version: string | null;
  readonly features: readonly string[];
  readonly capabilities: readonly string[];
  readonly trust: Trust;
  readonly alias: string | null;
  /** The owner's note. */
  readonly note: string | null;
  readonly firstSeenMs: UnixMs;
  readonly lastSeenMs: UnixMs;
  /** Until when it counts as online by its own announcement, if that is longer than the online window; else 0. */
  readonly onlineUntilMs: UnixMs;
  /** When its offline presence arrived, or it replied to no ping; null again after a newer sign of life. */
  readonly offlineSinceMs: UnixMs | null;
  /** `created_at` of the newest presence we applied; 0 before the first. */
  readonly presenceAtSec: number;
  /** State of our hello, which is sent once per key. */
  readonly hello: 'none' | 'queued' | 'published';
  /** When its hello arrived. */
  readonly theirHelloAtMs: UnixMs | null;
  /** When its first authentic message after our hello arrived. */
  readonly answeredAtMs: UnixMs | null;
}

export const isOnline = (peer: PeerRecord, nowMs: UnixMs, windowMs: number): boolean =>
  peer.offlineSinceMs === null && nowMs <= silentAtMs(peer, windowMs);

/** Returns when it counts as offline if it gives no further sign of life. */
export const silentAtMs = (
  { lastSeenMs, onlineUntilMs }: Pick<PeerRecord, 'lastSeenMs' | 'onlineUntilMs'>,
  windowMs: number,
): UnixMs => Math.max(lastSeenMs + windowMs, onlineUntilMs);

/** Whether it showed that it is an ocmesh agent: by a presence, a hello, or a message with an ocmesh version. */
export const isAgent = (peer: PeerRecord): boolean =>
  peer.presenceAtSec > 0 || peer.theirHelloAtMs !== null || peer.version !== null;

/** A peer of which only the key is known. */
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
  onlineUntilMs: 0,
  offlineSinceMs: null,
  presenceAtSec: 0,
  hello: 'none',
  theirHelloAtMs: null,
  answeredAtMs: null,
});

/**
 * Returns the peer after an authentic message of it, whether it was known or not.
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
  return {
    ...afterSignOfLife(peer, seenMs),
    answeredAtMs: peer.hello === 'none' ? peer.answeredAtMs : (peer.answeredAtMs ?? nowMs),
  };
}

/** Returns the peer after a sign of life that says nothing else. */
export const afterSignOfLife = (peer: PeerRecord, seenMs: UnixMs): PeerRecord => ({
  ...peer,
  lastSeenMs: Math.max(peer.lastSeenMs, seenMs),
  offlineSinceMs: peer.offlineSinceMs !== null && seenMs > peer.offlineSinceMs ? null : peer.offlineSinceMs,
});

/** Returns the state of the handshake. Acknowledged: our hello is out, and the peer sent one or wrote after it (docs/wire.md). */
export function handshakeOf(peer: PeerRecord): Handshake {
  if (peer.hello !== 'published') return 'none';
  return peer.theirHelloAtMs !== null || peer.answeredAtMs !== null ? 'acknowledged' : 'sent';
}
