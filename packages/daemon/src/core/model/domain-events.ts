import type { UnixMs } from '@ocmesh/shared/ambient';
import type { DeliveryState, Pubkey, Reason, Warning } from '@ocmesh/shared/contract';
import type { PeerRecord } from './peer.ts';
import type { RelaySnapshot } from './relay.ts';

/** Something that happened, reported after it is on disk. `GET /events` shows those of `eventTypes`. */
export type DomainEvent =
  | { readonly type: 'peer.discovered'; readonly peer: PeerRecord }
  /** `peer.hello`: a hello arrived, the first or another one. */
  | {
      readonly type: 'peer.online' | 'peer.offline' | 'peer.handshaked' | 'peer.hello';
      readonly pubkey: Pubkey;
    }
  | {
      readonly type: 'message.received';
      readonly id: string;
      readonly peer: Pubkey;
      readonly arrival: number;
    }
  /** A message shows that earlier ones of this peer have not arrived. */
  | { readonly type: 'messages.missing'; readonly peer: Pubkey; readonly beforeMs: UnixMs }
  | {
      readonly type: 'message.state';
      readonly id: string;
      readonly eventId: string;
      readonly state: DeliveryState;
    }
  /** Without the NIP-11 document: it may be large, and the newest thousand events are kept. */
  | { readonly type: 'relay.state'; readonly relay: Omit<RelaySnapshot, 'info'> }
  | { readonly type: 'status.changed'; readonly reasons: readonly HealthReason[] }
  /** A known peer gave a sign of life, or published its offline presence. `isRepeat`: it was online, and says nothing new. */
  | { readonly type: 'peer.seen'; readonly peer: PeerRecord; readonly isRepeat?: true }
  /** A message of the owner's phone was handled, or one to it is on disk, or the phone is another one. */
  | { readonly type: 'owner.message' }
  /** A peer that was online replies to no ping, so it counts as offline. */
  | { readonly type: 'peer.silent'; readonly peer: PeerRecord }
  /** More pings and pongs came than we check: one that we wait for may be among the others. */
  | { readonly type: 'ping.dropped' }
  /** A ping in an ephemeral gift wrap, or the pong for one of ours; `id` is that of the ping. */
  | {
      readonly type: 'ping.received' | 'pong.received';
      readonly peer: Pubkey;
      readonly id: string;
      readonly url: string;
      /** When its author wrote it, never later than now. */
      readonly writtenMs: UnixMs;
    }
  /** The owner changed the trust in this peer. */
  | { readonly type: 'peer.trust'; readonly peer: PeerRecord }
  /**
   * `request.waiting`: a stranger's message is held for the owner's decision, or our agent wants to write to one.
   * `conversation.paused`: by the loop guard.
   */
  | { readonly type: 'request.waiting' | 'conversation.paused'; readonly pubkey: Pubkey }
  /** A message that the owner had sent to ourselves came back: this watcher announces it. */
  | { readonly type: 'wake.test'; readonly id: string; readonly watcher: string }
  /** A peer signed a newer list of its relays. */
  | { readonly type: 'peer.relays'; readonly pubkey: Pubkey }
  /** A peer's daemon sent a query, to which ours replies without the agent. */
  | { readonly type: 'query.received'; readonly peer: Pubkey; readonly query: 'ping' | 'profile' }
  /** Another daemon with our key published its offline presence, with this date. */
  | { readonly type: 'twin.left'; readonly createdAtSec: number }
  /** A test showed something new about one of our relays. */
  | { readonly type: 'relay.conduct'; readonly url: string }
  /** A test of one of our relays ended. */
  | { readonly type: 'relay.tested'; readonly url: string }
  /** A message that we have arrived again, so its sender may lack our receipt. */
  | { readonly type: 'message.repeated'; readonly peer: Pubkey }
  /** These relays accepted messages that a peer which is online did not confirm. */
  | { readonly type: 'relays.suspected'; readonly relays: readonly string[] }
  /** The owner changed what our agent says about itself. */
  | { readonly type: 'profile.changed' }
  /** Our own relays changed. */
  | { readonly type: 'relays.changed' }
  /** The machine slept, or its clock was set. */
  | { readonly type: 'clock.jumped' }
  /** A message for us that this relay sent was not kept: it has to be fetched again. */
  | { readonly type: 'event.deferred'; readonly url: string; readonly createdAtSec: number };

/** A reason why the daemon is degraded. */
export interface HealthReason extends Pick<Reason, 'code' | 'problem' | 'message' | 'peers'> {
  readonly sinceMs: UnixMs;
}

/** Something that works, but barely. */
export type HealthWarning = Pick<Warning, 'code' | 'message'>;

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
