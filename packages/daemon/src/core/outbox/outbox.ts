import {
  atMostEvery,
  type Cancel,
  type Clock,
  type ConfirmedMs,
  every,
  type Log,
  minuteMs,
  type Random,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxEntry, OutboxItem, PendingRelay } from '../model/outbox.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { RelayTests } from '../relays/relay-tests.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { createAttempt } from './attempts.ts';
import { createEntries } from './entries.ts';
import type { AttemptResult, Entry } from './entry.ts';
import { createLanes } from './lanes.ts';
import { createQueueing } from './queueing.ts';
import type { Resign } from './resign-event.ts';
import { createTargets } from './targets.ts';
import type { AwaitBounds } from './waits.ts';
import { createWatches } from './watches.ts';
import { type BatchBounds, createWriteBatcher } from './write-batcher.ts';

/** How often expired entries are looked for. */
const EXPIRY_MS = 10_000;
/** Pause after a store failure: an outcome that cannot be recorded would be published over and over. */
const STORE_FAILURE_MS = 5_000;
/** How often the network is asked to keep the connection to a peer's relay, and skipped relays are looked at again. */
const REACH_MS = 60_000;

export type OutboxBounds = BatchBounds & AwaitBounds;

export interface Outbox {
  start(): void;
  /** Sends items that were just stored. */
  offer(items: readonly OutboxItem[]): void;
  /** Sends the relay everything that is pending for it. */
  onConnected(url: string): void;
  onDisconnected(): void;
  /** Call when our own relays, or those of a peer, have changed. */
  onRelaysChanged(): void;
  onEvent(event: DomainEvent): void;
  /** Returns when the event is tried next; null while it waits for a relay, or if it is not in the outbox. */
  nextAttemptAtMs(eventId: string): UnixMs | null;
  /** Returns the relays that have not been asked for the event. */
  pendingRelays(eventId: string): readonly PendingRelay[];
  /** Returns the number of events on their way out: messages, receipts, replies and hellos. */
  depth(): number;
  /** Returns the number of messages that no relay accepted and no connected relay will be asked for. */
  stalled(): number;
  /** Stops taking up work and waits for what is in flight. */
  stop(): Promise<void>;
}

/**
 * Publishes the same signed bytes to every relay until each has given its outcome, and until the peer has confirmed or, if it
 * sends no receipts, a relay that accepted them has passed a test; or until time is up. Only then is an item removed from
 * disk: after a crash it is sent again, and relays and peers recognize it by its id.
 */
export function createOutbox(deps: {
  readonly store: Store;
  readonly network: RelayNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly budget: WriteBudget;
  readonly resign: Resign;
  readonly ownRelays: () => readonly string[];
  /** Returns candidates that are not in use. */
  readonly spareRelays: () => readonly string[];
  /** Returns the relays this peer reads from, beyond our own. */
  readonly relaysOf: (peer: Pubkey) => readonly string[];
  /** Asks for the relays this peer reads from. */
  readonly askForRelays: (peer: Pubkey) => void;
  readonly isOnline: (peer: Pubkey) => boolean;
  readonly relayTests: Pick<RelayTests, 'drops' | 'passedAt' | 'onProof'>;
  /** Time that no jump of the clock moves. */
  readonly confirmedNow: () => ConfirmedMs;
  readonly emit: (events: readonly DomainEvent[]) => void;
  readonly bounds: OutboxBounds;
}): Outbox {
  const { store, network, clock, random, log, budget, emit } = deps;
  const batcher = createWriteBatcher(deps);
  const targets = createTargets(deps);
  const entries = createEntries({ ...deps, batcher, onOver: (entry) => watches.remove(entry) });
  const attempt = createAttempt({ ...deps, entries, targets });
  const lanes = createLanes({ clock, random, budget, isOpen: targets.isOpen, attempt: run });
  const queueing = createQueueing({ ...deps, targets, entries, lanes, onStoreFailure });
  const watches = createWatches({ ...deps, entries, queueing, onSilent, onStoreFailure });
  const isSuspicionDue = atMostEvery(clock, minuteMs);
  let cancelReach: Cancel = () => {};
  let cancelExpiry: Cancel | null = null;
  let stopped = true;

  async function run(entry: Entry, url: string): Promise<AttemptResult> {
    entry.inFlight++;
    try {
      const result = await attempt(entry, url);
      queueing.takeBack(entry);
      if (entries.get(entry.id) === entry) watches.add(entry);
      return result;
    } catch (error) {
      entries.restore(entry, url);
      onStoreFailure(error);
      return 'again';
    } finally {
      entry.inFlight--;
    }
  }

  function onStoreFailure(error: unknown): void {
    log.error('a publication could not be recorded', { reason: String(error) });
    lanes.backOff(STORE_FAILURE_MS);
  }

  function add(item: OutboxEntry): void {
    const entry = entries.add(item);
    if (!entry) return;
    cancelExpiry ??= clock.after(EXPIRY_MS, expire, EXPIRY_MS);
    if (entry.acceptedBy.size > 0) watches.add(entry, clock.monotonic() - entries.msSinceAccepted(entry));
    queueing.queue(entry);
  }

  /** Brings in more relays: those that accepted the messages may have dropped them, or the peer may not read them. */
  function onSilent(silent: readonly Entry[]): void {
    for (const entry of silent) {
      deps.askForRelays(entry.peer);
      targets.addExtra(entry);
    }
    const relays = [...new Set(silent.flatMap(({ acceptedBy }) => [...acceptedBy.keys()]))];
    if (isSuspicionDue()) emit([{ type: 'relays.suspected', relays }]);
    reach();
  }

  /** Keeps the connections to peers' relays only while there is something to write. */
  function reach(): void {
    for (const url of lanes.dropEmpty(deps.ownRelays())) network.reach(url);
  }

  function expire(): void {
    entries.expire().catch(onStoreFailure);
    cancelExpiry = entries.all().length > 0 ? clock.after(EXPIRY_MS, expire, EXPIRY_MS) : null;
  }

  /** Asks relays again that were skipped and need not be any more. */
  function askSkipped(): void {
    queueing.takeBackAll();
    watches.onStanding(budget.isSpared);
  }

  budget.onStanding(askSkipped);

  return {
    start() {
      stopped = false;
      for (const item of store.peek((tables) => tables.outbox.entries())) add(item);
      entries.expire().catch(onStoreFailure);
      reach();
      cancelReach = every(clock, REACH_MS, () => {
        askSkipped();
        reach();
      });
    },
    offer(items) {
      if (stopped) return;
      for (const { event, peer, purpose } of items) {
        add({ eventId: event.id, peer, purpose, bytes: JSON.stringify(event).length });
      }
      reach();
    },
    onConnected(url) {
      lanes.onConnected(url);
      queueing.takeBackAll();
      watches.onConnected(url);
    },
    onDisconnected: queueing.takeBackAll,
    onRelaysChanged() {
      if (stopped) return;
      for (const entry of entries.all()) queueing.queue(entry);
      reach();
    },
    onEvent(event) {
      if (event.type === 'clock.jumped') return lanes.retryAll();
      if (event.type === 'peer.trust' && event.peer.trust === 'blocked') {
        entries.withdraw(event.peer.pubkey).catch(onStoreFailure);
        return;
      }
      if (event.type === 'relay.conduct') queueing.takeBackAll();
      if (event.type === 'relay.tested') watches.onTested(event.url);
      if (event.type === 'peer.online' || event.type === 'peer.hello') watches.onShown(event.pubkey);
      if (event.type !== 'message.state' || (event.state !== 'delivered' && event.state !== 'read')) return;
      const entry = entries.get(event.eventId);
      if (!entry) return;
      watches.onConfirmed(entry);
      entries.forget(entry);
    },
    nextAttemptAtMs(eventId) {
      const entry = entries.get(eventId);
      return entry ? earliest(lanes.nextAttemptAtMs(entry), watches.nextRepeatAtMs(entry)) : null;
    },
    pendingRelays(eventId) {
      const entry = entries.get(eventId);
      return entry ? targets.pending(entry, lanes.isInFlight) : [];
    },
    depth: entries.countPending,
    stalled: () => targets.countStalled(entries.all()),
    async stop() {
      stopped = true;
      cancelReach();
      cancelExpiry?.();
      watches.stop();
      batcher.flushNow();
      await lanes.stop();
    },
  };
}

const earliest = (one: UnixMs | null, other: UnixMs | null): UnixMs | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);
