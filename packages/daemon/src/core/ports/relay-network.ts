import type { UnixMs } from '@ocmesh/shared/ambient';
import type { RelayState } from '@ocmesh/shared/contract';
import type { Filter, NostrEvent, ReasonPrefix } from '@ocmesh/shared/wire';

/** How one relay took one event. */
export interface PublishOutcome {
  readonly outcome: 'accepted' | 'rejected' | 'timeout' | 'offline';
  /** The relay's own words; null where it said nothing. */
  readonly reason: string | null;
  readonly prefix: ReasonPrefix | null;
}

/** What a relay says about itself (NIP-11). */
export interface RelayInfo {
  readonly supportedNips: readonly number[];
  readonly limitation: Readonly<Record<string, unknown>>;
}

export interface RelaySnapshot {
  readonly url: string;
  readonly state: RelayState;
  readonly connectedSince: UnixMs | null;
  /** Our subscription for messages got its EOSE on this connection. */
  readonly carriesDms: boolean;
  readonly lastError: string | null;
  readonly roundTripMs: number | null;
  readonly info: RelayInfo | null;
}

export interface NetworkListener {
  /** An event for a standing subscription, as the relay sent it: unchecked. */
  onEvent(event: unknown, url: string): void;
  /** A frame that is none of NIP-01, or larger than we take. */
  onGarbage(url: string, reason: 'garbage_frame' | 'frame_too_large'): void;
  onConnected(url: string): void;
  onDisconnected(url: string): void;
  /** The relay's NIP-11 document arrived. */
  onInfo(url: string, info: RelayInfo): void;
  /** A standing subscription got its EOSE. */
  onSubscribed(url: string, subscription: string): void;
}

export interface Subscription {
  readonly name: string;
  /** Asked anew for each REQ, so that a `since` is never stale. */
  readonly filters: () => readonly Filter[];
}

/**
 * The relays of the configuration, for the life of the daemon. Connections come and go by themselves;
 * nothing here throws or rejects because of what a relay does.
 */
export interface RelayNetwork {
  start(subscriptions: readonly Subscription[], listener: NetworkListener): void;
  stop(): Promise<void>;
  relays(): readonly RelaySnapshot[];
  publish(url: string, event: NostrEvent): Promise<PublishOutcome>;
  /** One REQ until its EOSE. `complete` is false when the relay went away or refused before it. */
  query(url: string, filters: readonly Filter[]): Promise<{ complete: boolean; events: readonly unknown[] }>;
}
