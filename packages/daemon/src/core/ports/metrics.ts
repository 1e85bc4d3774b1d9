import type { DeliveryState, RelayState } from '@ocmesh/shared/contract';

/** Figures about the core. None of them names a peer, a message or a relay. */
interface Measures {
  readonly version: string;
  readonly degraded: boolean;
  readonly messages: Readonly<Record<DeliveryState, number>>;
  /** Events in the outbox. */
  readonly outboxDepth: number;
  readonly peersOnline: number;
  readonly peersKnown: number;
  /** Our own relays, by state. */
  readonly relays: Readonly<Record<RelayState, number>>;
  /** Own relays by whether they keep and forward our messages. */
  readonly relaysKeeping: Readonly<Record<string, number>>;
  readonly relaysForwarding: Readonly<Record<string, number>>;
  /** Events from relays since start. */
  readonly events: number;
  /** Events without effect since start, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly storeBytes: number;
  readonly journalBytes: number;
}

/** Returns them in the text format of Prometheus, with figures about the process. */
export type RenderMetrics = (measures: Measures) => Promise<string>;
