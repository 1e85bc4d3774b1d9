import type { RelayState } from '@ocmesh/shared/contract';
import type { Filter, NostrEvent, ReasonPrefix } from '@ocmesh/shared/wire';
import type { RelayInfo, RelaySnapshot } from '../model/relay.ts';

export type { RelayInfo, RelaySnapshot };

/** How one relay took one event. */
export interface PublishOutcome {
  readonly outcome: 'accepted' | 'rejected' | 'timeout' | 'offline';
  /** The relay's own words; null where it said nothing. */
  readonly reason: string | null;
  readonly prefix: ReasonPrefix | null;
}

/** What one REQ brought. */
export interface QueryResult {
  /** The EOSE came. */
  readonly complete: boolean;
  readonly events: readonly unknown[];
  /** It ended because the answer was too large to hold: ask for less at once. */
  readonly tooLarge: boolean;
}

/** What only a faulty or hostile relay does: it sent a bad signature, or what was not asked for. */
export type Offence = 'forged' | 'unasked';

export interface NetworkListener {
  /** An event for a permanent subscription, as the relay sent it: unchecked. */
  onEvent(event: unknown, url: string): void;
  /** A frame that is none of NIP-01, larger than we take, or an event that no filter of ours asked for. */
  onGarbage(url: string, reason: 'garbage_frame' | 'frame_too_large' | 'unasked'): void;
  onConnected(url: string): void;
  onDisconnected(url: string): void;
  /** The relay's NIP-11 document arrived. */
  onInfo(url: string, info: RelayInfo): void;
  /** A permanent subscription got its EOSE. */
  onSubscribed(url: string, subscription: string): void;
  /** What `relays()` says of it is another `state` than before. */
  onState(url: string, state: RelayState): void;
}

export interface Subscription {
  readonly name: string;
  /** Asked anew for each REQ, so that a `since` is never stale. */
  readonly filters: () => readonly Filter[];
}

/**
 * The relays, for the life of the daemon. Connections come and go by themselves; nothing here throws or rejects
 * because of what a relay does.
 */
export interface RelayNetwork {
  /** @param urls our own relays */
  start(urls: readonly string[], subscriptions: readonly Subscription[], listener: NetworkListener): void;
  stop(): Promise<void>;
  /** Our own in their order, then the foreign ones that are held at the moment. */
  relays(): readonly RelaySnapshot[];
  /** From now on these are our own: new ones are connected, the others let go of. */
  use(urls: readonly string[]): void;
  /** Holds a connection to a peer's relay for a while, to write to it. Nothing happens where that is not allowed. */
  reach(url: string): void;
  publish(url: string, event: NostrEvent): Promise<PublishOutcome>;
  /** One REQ until its EOSE. Not `complete` when the relay went away or refused before it. */
  query(url: string, filters: readonly Filter[]): Promise<QueryResult>;
  /** It costs the relay some of its standing; one that has none left is left alone for a while. */
  report(url: string, offence: Offence): void;
  /** The machine slept, or its clock was set: no connection is trusted before it gives a sign of life. */
  wake(): void;
}
