import type { DeliveryState, Pubkey, Reason, RelayStatus } from '@ocmesh/shared/contract';
import type { PeerRecord } from './peer.ts';

/** Something that happened, reported after it is on disk. `GET /events` shows all but the last five. */
export type DomainEvent =
  | { readonly type: 'peer.discovered'; readonly peer: PeerRecord }
  | {
      readonly type: 'peer.online' | 'peer.offline' | 'peer.handshaked';
      readonly pubkey: Pubkey;
    }
  | {
      readonly type: 'message.received';
      readonly id: string;
      readonly peer: Pubkey;
      readonly arrival: number;
    }
  | { readonly type: 'message.state'; readonly id: string; readonly state: DeliveryState }
  | { readonly type: 'relay.state'; readonly relay: RelayStatus }
  | { readonly type: 'status.changed'; readonly reasons: readonly Reason[] }
  /** A known peer gave a sign of life, or published its offline presence. */
  | { readonly type: 'peer.seen'; readonly peer: PeerRecord }
  /** The owner changed the trust in this peer. */
  | { readonly type: 'peer.trust'; readonly peer: PeerRecord }
  /** A stranger's message is held for the owner's decision. */
  | { readonly type: 'request.held'; readonly pubkey: Pubkey }
  /** A peer signed a newer list of its relays. */
  | { readonly type: 'peer.relays'; readonly pubkey: Pubkey }
  /** A peer's daemon sent a query that ours answers without the agent. */
  | { readonly type: 'query.received'; readonly peer: Pubkey; readonly query: 'ping' | 'profile' };

export interface DomainEvents {
  publish(events: readonly DomainEvent[]): void;
  subscribe(listener: (event: DomainEvent) => void): () => void;
}

export function createDomainEvents(): DomainEvents {
  const listeners = new Set<(event: DomainEvent) => void>();
  return {
    publish(events) {
      for (const event of events) for (const listener of [...listeners]) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
