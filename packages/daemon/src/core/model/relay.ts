import type { UnixMs } from '@ocmesh/shared/ambient';
import type { RelayState } from '@ocmesh/shared/contract';

/** Parts of a relay's information document (NIP-11): its own claims. */
export interface RelayInfo {
  readonly supportedNips: readonly number[];
  readonly limitation: Readonly<Record<string, unknown>>;
}

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
  readonly roundTripMs: number | null;
  readonly info: RelayInfo | null;
  /** When the next attempt to connect is made, if a back-off is running; else null. */
  readonly backoffUntil: UnixMs | null;
  /** The relay's clock minus ours, by its HTTP `Date`; null if it sent none. */
  readonly clockOffsetMs: number | null;
}
