import type { DeliveryState, RelayState } from '@ocmesh/shared/contract';

/** What the core can say of itself in numbers. Nothing in it names a peer, a message or a relay. */
interface Measures {
  readonly version: string;
  readonly degraded: boolean;
  readonly messages: Readonly<Record<DeliveryState, number>>;
  /** Events that still go out. */
  readonly outboxDepth: number;
  readonly peersOnline: number;
  readonly peersKnown: number;
  /** Our own relays. */
  readonly relays: Readonly<Record<RelayState, number>>;
  /** Events from relays since start. */
  readonly events: number;
  /** What had no effect since start, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly storeBytes: number;
  readonly journalBytes: number;
}

/** Writes them as text that Prometheus reads, with what the process knows of itself. */
export type RenderMetrics = (measures: Measures) => Promise<string>;
