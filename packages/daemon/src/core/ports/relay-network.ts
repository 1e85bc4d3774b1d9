import type { RelayState } from '@ocmesh/shared/contract';
import type { Filter, NostrEvent, ReasonPrefix } from '@ocmesh/shared/wire';
import type { RelayInfo, RelaySnapshot } from '../model/relay.ts';

export type { RelayInfo, RelaySnapshot };

/** Outcome of publishing one event to one relay. */
export interface PublishOutcome {
  /**
   * `accepted`: the relay has the event, or a newer version of it. `rejected`: it sent OK false. `timeout`: no OK in
   * time; it may have the event. `not_connected`: not connected, or the connection ended before the OK.
   */
  readonly outcome: 'accepted' | 'rejected' | 'timeout' | 'not_connected';
  /** The relay's own text, untrusted; null if there is none. */
  readonly reason: string | null;
  /** Machine-readable prefix of `reason` (NIP-01). */
  readonly prefix: ReasonPrefix | null;
}

/** Result of one REQ. */
export interface QueryResult {
  /** The EOSE arrived. If not, the relay refused, went away or took too long, and events may be missing. */
  readonly complete: boolean;
  /** As the relay sent them: neither verified nor checked against the filters. */
  readonly events: readonly unknown[];
  /** Ended because there was more than may be held in memory: use a smaller `limit`. */
  readonly tooLarge: boolean;
  /** Events that the relay sent for it, including those that are not in `events`. */
  readonly rows: number;
  /** Bytes of their frames. */
  readonly bytes: number;
  /** The relay sent events newer than `until`: it ignores it. */
  readonly ignoresUntil: boolean;
  /** Whether the relay has more events for these filters (NIP-67); null if it does not say. */
  readonly hint: 'finish' | 'more' | null;
}

/** Answer of a relay to COUNT (NIP-45). Unchecked: a relay may say anything. */
export interface CountResult {
  readonly count: number;
  /** The relay says that it estimates. */
  readonly isApproximate: boolean;
  /** 256 registers of HyperLogLog over the authors; null without them. */
  readonly registers: readonly number[] | null;
}

/** Misbehaviour of a faulty or hostile relay: an event with a bad signature, or one that no filter asked for. */
export type Offence = 'forged' | 'unasked';

/** Receives everything that happens on relays. Called synchronously, in order for each relay; must not throw. */
export interface NetworkListener {
  /**
   * A permanent subscription received an event: as the relay sent it, unverified. The listener owns the object.
   * @param bytes size of its frame
   */
  onEvent(event: unknown, url: string, bytes: number): void;
  /** A query received an event after its end: as the relay sent it, unverified. The listener owns the object. */
  onLate(event: unknown, url: string): void;
  /** Ignored something: a frame that is not NIP-01, something too large, or an event that no filter asked for. */
  onGarbage(
    url: string,
    reason: 'garbage_frame' | 'malformed' | 'too_large' | 'frame_too_large' | 'unasked',
  ): void;
  onConnected(url: string): void;
  /** A connection ended, or its relay was removed from the list. */
  onDisconnected(url: string): void;
  /** The relay sent a NOTICE. Its text is for people; what it refers to is a guess. */
  onNotice(url: string): void;
  /** The relay's NIP-11 document arrived. */
  onInfo(url: string, info: RelayInfo): void;
  /** The relay accepted our AUTH (NIP-42): it may send what it withheld before. Comes before the `onSubscribed` that follows. */
  onAuthenticated(url: string): void;
  /** A permanent subscription got its EOSE: later events arrive live. Again when it was reopened. */
  onSubscribed(url: string, subscription: string): void;
  /** The `state` of a snapshot changed. */
  onState(url: string, state: RelayState): void;
}

/** A subscription that the network keeps open on every own relay, across reconnects. */
export interface Subscription {
  readonly name: string;
  /** Called for each REQ, so that a `since` is never stale. */
  readonly filters: (url: string) => readonly Filter[];
}

/**
 * Connections to all relays, for the life of the daemon. The network owns them: it connects, subscribes, authenticates
 * and reconnects by itself. No method throws or rejects because of what a relay does. Every implementation passes
 * `relay-network.contract.ts`.
 */
export interface RelayNetwork {
  /** Connects to our own relays. Called once; before, all other methods do nothing. @param urls in normal form */
  start(urls: readonly string[], subscriptions: readonly Subscription[], listener: NetworkListener): void;
  /** Closes all connections; pending calls resolve as not connected. The listener is not called any more. */
  stop(): Promise<void>;
  /** Returns our own relays in their order, then those of peers that are in use. */
  relays(): readonly RelaySnapshot[];
  /** Replaces our own relays: connects to new ones, disconnects from removed ones, leaves the rest untouched. */
  use(urls: readonly string[]): void;
  /**
   * Connects to a peer's relay for writing, or keeps that connection for a few more minutes. Does nothing if the address
   * is not public or too many relays are in use.
   */
  reach(url: string): void;
  /**
   * Sends one event and waits for its OK. Never retries. `not_connected` if the relay is not connected or not in use.
   * @param options.mayIdentify whether a peer's relay may learn our key (NIP-42) if it takes no single-use one; otherwise
   * the outcome has the prefix `auth-required` then. Our own relays always may
   */
  publish(
    url: string,
    event: NostrEvent,
    options?: { readonly mayIdentify?: boolean },
  ): Promise<PublishOutcome>;
  /** Sends one REQ to an own relay and collects events until its EOSE. Waits for its turn if too many are open. */
  query(url: string, filters: readonly Filter[]): Promise<QueryResult>;
  /** Asks an own relay how many events it has for this filter (NIP-45). null if it does not answer, or refuses. */
  count(url: string, filter: Filter): Promise<CountResult | null>;
  /** Sends the REQ of a permanent subscription again, because its filters changed. Does nothing while it is not open. */
  resubscribe(url: string, subscription: string): void;
  /** Lowers the reputation of a relay; without any left it is disconnected and gets a long back-off. */
  report(url: string, offence: Offence): void;
  /** To be called after the machine slept or its clock was set: probes every connection, and retries the others now. */
  wake(): void;
}
