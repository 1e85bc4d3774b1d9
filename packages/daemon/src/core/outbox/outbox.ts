import {
  type Cancel,
  type Clock,
  type ConfirmedMs,
  every,
  type Log,
  type Random,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxEntry, OutboxItem } from '../model/outbox.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { createAttempt } from './attempts.ts';
import { createEntries } from './entries.ts';
import type { AttemptResult, Entry } from './entry.ts';
import { createLanes } from './lanes.ts';
import type { Resign } from './resign-event.ts';
import { type BatchBounds, createWriteBatcher } from './write-batcher.ts';

/** How often expired entries are looked for. */
const EXPIRY_MS = 10_000;
/** Pause after a store failure: an outcome that cannot be recorded would be published over and over. */
const STORE_FAILURE_MS = 5_000;
/** How often the network is asked to keep the connection to a peer's relay. */
const REACH_MS = 60_000;

export interface Outbox {
  start(): void;
  /** Sends items that were just stored. */
  offer(items: readonly OutboxItem[]): void;
  /** Sends the relay everything that is pending for it. */
  onConnected(url: string): void;
  /** Call when our own relays, or those of a peer, have changed. */
  onRelaysChanged(): void;
  onEvent(event: DomainEvent): void;
  /** Returns when the event is tried next; null while it waits for a relay, or if it is not in the outbox. */
  nextAttemptAtMs(eventId: string): UnixMs | null;
  /** Returns the number of events on their way out: messages, receipts, replies and hellos. */
  depth(): number;
  /** Stops taking up work and waits for what is in flight. */
  stop(): Promise<void>;
}

/**
 * Publishes the same signed bytes to every relay until each has given a final outcome, the peer has confirmed, or
 * time is up. Only then is an item removed from disk: after a crash it is sent again, and relays and peers recognize
 * it by its id.
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
  /** Returns the relays this peer reads from, beyond our own. */
  readonly relaysOf: (peer: Pubkey) => readonly string[];
  /** Time that no jump of the clock moves. */
  readonly confirmedNow: () => ConfirmedMs;
  readonly emit: (events: readonly DomainEvent[]) => void;
  readonly bounds: BatchBounds;
}): Outbox {
  const { store, network, clock, random, log, budget, resign, confirmedNow, emit } = deps;
  const batcher = createWriteBatcher(deps);
  const entries = createEntries({ store, clock, batcher, confirmedNow, emit });
  const attempt = createAttempt({ store, network, budget, resign, entries });
  const isOpen = (url: string): boolean => network.relays().some((relay) => relay.url === url && relay.open);
  const lanes = createLanes({ clock, random, budget, isOpen, attempt: run });
  let cancelReach: Cancel = () => {};
  let cancelExpiry: Cancel | null = null;
  let stopped = true;

  async function run(entry: Entry, url: string): Promise<AttemptResult> {
    entry.inFlight++;
    try {
      const result = await attempt(entry, url);
      lanes.queue(entry, entries.unskip(entry));
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
    cancelExpiry ??= clock.after(EXPIRY_MS, expire);
    queueForRelays(entry);
  }

  /** Queues the entry for relays without a final outcome, and drops relays that are no longer meant. */
  function queueForRelays(entry: Entry): void {
    const targets = [...deps.ownRelays(), ...deps.relaysOf(entry.peer)];
    const final = store
      .peek((tables) => tables.outbox.outcomes(entry.id))
      .flatMap((outcome) => (outcome.final ? [outcome.url] : []));
    for (const url of entry.pending) if (!targets.includes(url)) entry.pending.delete(url);
    const isDone = (url: string): boolean =>
      final.includes(url) || entry.pending.has(url) || entry.skipped.has(url);
    lanes.queue(
      entry,
      targets.filter((url) => !isDone(url)),
    );
    if (entry.pending.size > 0 || targets.length === 0) return;
    entries
      .settle(entry)
      .then(() => lanes.queue(entry, entries.unskip(entry)))
      .catch(onStoreFailure);
  }

  /** Keeps the connections to peers' relays only while there is something to write. */
  function reach(): void {
    for (const url of lanes.dropEmpty(deps.ownRelays())) network.reach(url);
  }

  function expire(): void {
    entries.expire().catch(onStoreFailure);
    cancelExpiry = entries.count() > 0 ? clock.after(EXPIRY_MS, expire) : null;
  }

  return {
    start() {
      stopped = false;
      for (const item of store.peek((tables) => tables.outbox.entries())) add(item);
      entries.expire().catch(onStoreFailure);
      reach();
      cancelReach = every(clock, REACH_MS, reach);
    },
    offer(items) {
      if (stopped) return;
      for (const { event, peer, purpose } of items) add({ eventId: event.id, peer, purpose });
      reach();
    },
    onConnected: lanes.onConnected,
    onRelaysChanged() {
      if (stopped) return;
      for (const entry of entries.all()) queueForRelays(entry);
      reach();
    },
    onEvent(event) {
      // What relays refused because of a wrong clock may go now.
      if (event.type === 'clock.jumped') return lanes.retryAll();
      if (event.type === 'peer.trust' && event.peer.trust === 'blocked') {
        entries.withdraw(event.peer.pubkey).catch(onStoreFailure);
        return;
      }
      if (event.type !== 'message.state' || (event.state !== 'delivered' && event.state !== 'read')) return;
      const eventId = store.peek((tables) => tables.messages.get(event.id)?.eventId);
      const entry = eventId === undefined ? undefined : entries.get(eventId);
      if (entry) entries.forget(entry);
    },
    nextAttemptAtMs(eventId) {
      const entry = entries.get(eventId);
      return entry ? lanes.nextAttemptAtMs(entry) : null;
    },
    depth: entries.count,
    async stop() {
      stopped = true;
      cancelReach();
      cancelExpiry?.();
      batcher.flushNow();
      await lanes.stop();
    },
  };
}
