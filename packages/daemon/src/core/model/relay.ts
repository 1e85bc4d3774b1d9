import type { UnixMs } from '@ocmesh/shared/ambient';
import type { RelayState } from '@ocmesh/shared/contract';

/** Parts of a relay's information document (NIP-11): its own claims. */
export interface RelayInfo {
  readonly supportedNips: readonly number[];
  readonly limitation: Readonly<Record<string, unknown>>;
}

/** Answer to a question about a relay, and why. */
export interface Answer {
  readonly answer: 'yes' | 'no' | 'unknown';
  /** null if there is nothing to add. */
  readonly reason: string | null;
}

export interface Finding extends Answer {
  /** null if the question was never asked. */
  readonly atMs: UnixMs | null;
}

/** What a relay does with what it accepts, as we found out by ourselves. */
export interface Conduct {
  /** It returns our messages when asked. */
  readonly keeps: Finding;
  /** It sends them to open subscriptions. */
  readonly forwards: Finding;
  /** It returns our presence. */
  readonly presence: Finding;
}

const unasked: Finding = { answer: 'unknown', reason: null, atMs: null };
export const untested: Conduct = { keeps: unasked, forwards: unasked, presence: unasked };

/** One relay at one moment. */
export interface RelaySnapshot {
  readonly url: string;
  /** `own`: of our list, read and written. `peer`: of a peer's list, connected while there is something to write. */
  readonly role: 'own' | 'peer';
  /** Whether there is a connection, whatever `state` calls it. */
  readonly open: boolean;
  readonly state: RelayState;
  readonly connectedSince: UnixMs | null;
  /** Our subscription for messages got its EOSE on this connection. */
  readonly carriesDms: boolean;
  /** Messages and presences share a subscription, because the relay allows so few. */
  readonly sharesSubscription: boolean;
  readonly lastError: string | null;
  /** The last attempt to connect failed at our proxy, and not because of the relay. */
  readonly isProxyDown: boolean;
  readonly roundTripMs: number | null;
  readonly info: RelayInfo | null;
  /** When the next attempt to connect is made, if a back-off is running; else null. */
  readonly backoffUntil: UnixMs | null;
  /** The relay's clock minus ours, by its HTTP `Date`; null if it sent none. */
  readonly clockOffsetMs: number | null;
}
