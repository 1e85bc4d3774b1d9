import { type Cancel, type Clock, every, type Log, type Random, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OutboxEntry, OutboxItem } from '../model/outbox.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { WriteBudget } from '../relays/write-budget.ts';
import { createAttempts } from './attempts.ts';
import { createLane, type Entry, type Lane, type Next } from './lane.ts';
import type { Resign } from './resign-event.ts';
import { createWriteBatcher, type GatherBounds } from './write-batcher.ts';

/** How often expired items are looked for. */
const EXPIRY_MS = 10_000;
/** Pause after the store failed: what it cannot note would be published again and again. */
const REST_MS = 5_000;
/** How often a peer's relay that is not there is asked for again. */
const REACH_MS = 60_000;

export interface Outbox {
  start(): void;
  /** Takes up what was just put on disk. */
  offer(items: readonly OutboxItem[]): void;
  /** Offers the relay everything it has not answered yet. */
  onConnected(url: string): void;
  /** The relays to publish to, ours or a peer's, have changed. */
  onRelaysChanged(): void;
  onEvent(event: DomainEvent): void;
  /** When a message that is still going out is tried next; null while it waits for a relay. */
  nextAttemptAtMs(eventId: string): UnixMs | null;
  /** What still goes out: messages, receipts, replies and hellos. */
  depth(): number;
  /** Stops taking up work and waits for what is in flight. */
  stop(): Promise<void>;
}

/**
 * Publishes the same signed bytes to every relay until each has given its last word, the peer has confirmed, or
 * time is up. An item leaves the disk only then; after a crash it is sent again, and relays and peers know it by id.
 */
export function createOutbox(deps: {
  readonly store: Store;
  readonly network: RelayNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly budget: WriteBudget;
  readonly resign: Resign;
  /** Our own relays. */
  readonly ownRelays: () => readonly string[];
  /** Relays where this peer reads, beyond our own. */
  readonly relaysOf: (peer: Pubkey) => readonly string[];
  /** A time that no wrong clock has hurried on. */
  readonly confirmedNow: () => UnixMs;
  readonly emit: (events: readonly DomainEvent[]) => void;
  readonly bounds: GatherBounds;
}): Outbox {
  const { store, network, clock, random, log, budget } = deps;
  const entries = new Map<string, Entry>();
  const lanes = new Map<string, Lane>();
  const answers = createWriteBatcher(deps);
  const attempts = createAttempts({ ...deps, entries, ask, answers });
  let cancelReach: Cancel = () => {};
  let cancelExpiry: Cancel | null = null;
  let stopped = true;

  const isOpen = (url: string): boolean => network.relays().some((relay) => relay.url === url && relay.open);

  function laneOf(url: string): Lane {
    const known = lanes.get(url);
    if (known) return known;
    const lane = createLane(url, {
      clock,
      random,
      budget,
      isOpen: () => !stopped && isOpen(url),
      async attempt(entry) {
        entry.inFlight++;
        try {
          return await attempts.attempt(entry, url);
        } catch (error) {
          // What the disk did not take did not happen.
          entry.pending.add(url);
          entries.set(entry.id, entry);
          return rest(error);
        } finally {
          entry.inFlight--;
        }
      },
    });
    lanes.set(url, lane);
    return lane;
  }

  function rest(error: unknown): Next {
    log.error('a publication could not be recorded', { reason: String(error) });
    for (const lane of lanes.values()) lane.rest(REST_MS);
    return 'again';
  }

  function ask(entry: Entry, urls: readonly string[]): void {
    for (const url of urls) entry.pending.add(url);
    for (const url of urls) laneOf(url).add(entry);
  }

  function take({ eventId: id, ...item }: OutboxEntry): void {
    if (entries.has(id)) return;
    const entry: Entry = {
      ...item,
      id,
      pending: new Set(),
      spared: new Set(),
      sparesNone: false,
      inFlight: 0,
      resigned: 0,
      resigning: null,
    };
    entries.set(id, entry);
    cancelExpiry ??= clock.after(EXPIRY_MS, expire);
    aim(entry);
  }

  /** Finds the relays that still have to be asked. */
  function aim(entry: Entry): void {
    const targets = [...deps.ownRelays(), ...deps.relaysOf(entry.peer)];
    const answered = store
      .peek((tables) => tables.outbox.outcomes(entry.id))
      .flatMap(({ url, final }) => (final ? [url] : []));
    const isAsked = (url: string): boolean =>
      answered.includes(url) || entry.pending.has(url) || entry.spared.has(url);
    for (const url of entry.pending) if (!targets.includes(url)) entry.pending.delete(url);
    ask(
      entry,
      targets.filter((url) => !isAsked(url)),
    );
    if (entry.pending.size === 0 && targets.length > 0) attempts.settle(entry).catch(rest);
  }

  /** A connection to a peer's relay is held only while it is asked for. */
  function reach(): void {
    const own = deps.ownRelays();
    for (const [url, lane] of lanes) {
      if (own.includes(url)) continue;
      if (lane.isEmpty()) lanes.delete(url);
      else network.reach(url);
    }
  }

  function expire(): void {
    attempts.expire().catch(rest);
    cancelExpiry = entries.size > 0 ? clock.after(EXPIRY_MS, expire) : null;
  }

  return {
    start() {
      stopped = false;
      for (const entry of store.peek((tables) => tables.outbox.entries())) take(entry);
      attempts.expire().catch(rest);
      reach();
      cancelReach = every(clock, REACH_MS, reach);
    },
    offer(items) {
      if (stopped) return;
      for (const { event, ...item } of items) take({ ...item, eventId: event.id });
      reach();
    },
    onConnected: (url) => lanes.get(url)?.open(),
    onRelaysChanged() {
      if (stopped) return;
      for (const entry of [...entries.values()]) aim(entry);
      reach();
    },
    onEvent(event) {
      if (event.type === 'peer.trust' && event.peer.trust === 'blocked') {
        attempts.withdraw(event.peer.pubkey).catch(rest);
        return;
      }
      if (event.type !== 'message.state' || (event.state !== 'delivered' && event.state !== 'read')) return;
      const eventId = store.peek((tables) => tables.messages.get(event.id)?.eventId);
      const entry = eventId === undefined ? undefined : entries.get(eventId);
      if (entry) attempts.forget(entry);
    },
    nextAttemptAtMs(eventId) {
      const entry = entries.get(eventId);
      if (!entry) return null;
      const times = [...entry.pending].flatMap((url) => lanes.get(url)?.nextAttemptAtMs(entry) ?? []);
      return times.length === 0 ? null : Math.min(...times);
    },
    depth: () => entries.size,
    async stop() {
      stopped = true;
      cancelReach();
      cancelExpiry?.();
      answers.hurry();
      await Promise.all([...lanes.values()].map((lane) => lane.stop()));
    },
  };
}
