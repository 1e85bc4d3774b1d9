import type { Clock, ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import type { Handlers, Status } from '@ocmesh/shared/contract';
import type { Backlog } from '../catch-up/catch-up.ts';
import type { EventHub } from '../events/event-hub.ts';
import type { History } from '../history/history.ts';
import type { Identity } from '../identity/identity.ts';
import type { RefusalCounters } from '../ingest/refusal-counters.ts';
import type { AskRelays } from '../mesh/ask-relays.ts';
import type { Discovery } from '../mesh/discover.ts';
import type { LookUpPeer } from '../mesh/look-up-peer.ts';
import type { OwnProfile } from '../mesh/own-profile.ts';
import type { PingPeers } from '../mesh/ping-peers.ts';
import type { SendMessage } from '../messaging/send.ts';
import type { Waiting } from '../messaging/wait-for-messages.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { PendingRelay } from '../model/outbox.ts';
import type { Conduct } from '../model/relay.ts';
import type { OwnerSettings } from '../owner/owner-settings.ts';
import type { RenderMetrics } from '../ports/metrics.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { RelayDates } from '../relays/relay-dates.ts';
import type { RelayList } from '../relays/relay-list.ts';
import type { WakeTests } from '../relays/wake-tests.ts';
import type { Health } from '../status/health.ts';
import type { HeldMessages } from '../trust/held-messages.ts';
import type { LoopGuard } from '../trust/loop-guard.ts';
import type { Policies } from '../trust/policy.ts';
import type { Cursors } from './cursors.ts';

/** Everything that some handler needs. Each `createXHandlers` picks what its own handlers need. */
export interface HandlerDeps {
  readonly identity: Identity;
  readonly store: Store;
  readonly network: RelayNetwork;
  readonly relayList: RelayList;
  readonly relayDates: RelayDates;
  /** Returns what a relay has for us that did not come live. */
  readonly backlogOf: (url: string) => Backlog;
  /** What we found out about a relay. */
  readonly conductOf: (url: string) => Conduct;
  /** Tests a relay at once, if it is connected and was not tested too often. */
  readonly testRelayNow: (url: string) => void;
  readonly wakeTests: WakeTests;
  readonly clock: Clock;
  /** Returns the wall clock's date of a moment in confirmed time. */
  readonly toDate: (confirmedMs: ConfirmedMs) => UnixMs;
  /** Returns the date by which messages end. */
  readonly confirmedDate: () => UnixMs;
  readonly health: Health;
  readonly counters: RefusalCounters;
  readonly discovery: Pick<Discovery, 'status'>;
  readonly send: SendMessage;
  readonly waiting: Waiting;
  readonly policies: Policies;
  readonly ownProfile: OwnProfile;
  readonly ownerSettings: OwnerSettings;
  readonly askRelays: Pick<AskRelays, 'question'>;
  readonly lookUpPeer: LookUpPeer;
  readonly pingPeer: PingPeers['ask'];
  readonly loopGuard: LoopGuard;
  readonly heldMessages: HeldMessages;
  /** Returns when the next attempt to publish this event is due; null if none is. */
  readonly nextAttemptAtMs: (eventId: string) => UnixMs | null;
  /** Returns the relays that have not been asked for this event. */
  readonly pendingRelays: (eventId: string) => readonly PendingRelay[];
  /** Returns how many events are on their way out. */
  readonly outboxDepth: () => number;
  readonly renderMetrics: RenderMetrics;
  readonly history: Pick<History, 'read'>;
  /** Proves that this process owns the home. */
  readonly prove: Handlers['prove'];
  readonly cursors: Cursors;
  readonly hub: EventHub;
  /** Publishes domain events. Call it after the change is on disk. */
  readonly emit: (events: readonly DomainEvent[]) => void;
  /** Sends receipts that may have become due. */
  readonly wakeReceipts: () => void;
}

export interface HandlerOptions {
  readonly name: string | null;
  readonly onlineWindowMs: number;
  readonly proxy: Status['proxy'];
}
