import type { Cancel, Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import { canMove } from '../model/message.ts';
import type { OutboxItem } from '../model/outbox.ts';
import { handshakeOf } from '../model/peer.ts';
import type { PublishOutcome, RelayNetwork } from '../ports/relay-network.ts';
import type { Store, Tables } from '../ports/store.ts';
import { retryDelayMs } from './retry-schedule.ts';

/** Events being published at the same time: enough to fill a connection, few enough to stop quickly. */
const IN_FLIGHT = 64;
/** Longest sleep, so that a clock that jumps forward is noticed. */
const LONGEST_SLEEP_MS = 60_000;
/** Pause after the store failed: what it cannot note would be published again and again. */
const REST_MS = 5_000;

export interface Outbox {
  start(): void;
  /** Something may be due now. */
  wake(): void;
  /** Offers the relay everything it has not answered yet. */
  onConnected(url: string): void;
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
  readonly notify: (events: readonly DomainEvent[]) => void;
}): Outbox {
  const { store, network, clock, random, log, notify } = deps;
  const inFlight = new Map<string, Promise<void>>();
  let cancelSleep: Cancel = () => {};
  /** By the clock that never jumps. */
  let restsUntil = Number.NEGATIVE_INFINITY;
  let running = false;
  let again = false;
  let stopped = true;

  async function run(): Promise<void> {
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      if (clock.monotonic() >= restsUntil) {
        await expire();
        await dispatch();
      }
    } catch (error) {
      rest('the outbox could not be read or written', error);
    }
    running = false;
    if (again) {
      again = false;
      void run();
    } else {
      sleep();
    }
  }

  async function dispatch(): Promise<void> {
    const nowMs = clock.now();
    // Read, not peeked: what goes on the wire is on disk.
    const due = await store.read((tables) => tables.outbox.due(nowMs, IN_FLIGHT + inFlight.size));
    for (const item of due) {
      if (inFlight.size >= IN_FLIGHT || stopped) return;
      if (inFlight.has(item.event.id)) continue;
      const attempted = attempt(item)
        .catch((error) => rest('a publication could not be recorded', error))
        .finally(() => {
          inFlight.delete(item.event.id);
          wake();
        });
      inFlight.set(item.event.id, attempted);
    }
  }

  function rest(problem: string, error: unknown): void {
    log.error(problem, { reason: String(error) });
    restsUntil = clock.monotonic() + REST_MS;
  }

  async function attempt(item: OutboxItem): Promise<void> {
    const { id } = item.event;
    const answered = store.peek((tables) => tables.outbox.outcomes(id)).filter((one) => one.final);
    const open = network.relays().filter((relay) => !answered.some((one) => one.url === relay.url));
    const reachable = open.filter((relay) => relay.state === 'connected');
    const outcomes = await Promise.all(
      reachable.map(async ({ url }) => {
        const outcome = await network.publish(url, item.event);
        await record(item, url, outcome);
        return outcome;
      }),
    );
    await settle(
      item,
      outcomes,
      reachable.map(({ url }) => url),
    );
  }

  /** Each answer counts as soon as it is there: one slow relay shall not hide that another took it. */
  async function record(item: OutboxItem, url: string, outcome: PublishOutcome): Promise<void> {
    if (outcome.outcome === 'offline') return;
    const { id } = item.event;
    const atMs = clock.now();
    const events = await store.transaction((tables) => {
      tables.outbox.record(id, {
        url,
        outcome: outcome.outcome as 'accepted' | 'rejected' | 'timeout',
        reason: outcome.reason,
        final: isFinal(outcome),
        atMs,
      });
      return outcome.outcome === 'accepted' ? markPublished(tables, item, atMs) : [];
    });
    notify(events);
  }

  function markPublished(tables: Tables, item: OutboxItem, atMs: number): DomainEvent[] {
    if (item.purpose === 'message') return moveMessage(tables, item, 'published', atMs);
    if (item.purpose !== 'hello') return [];
    const peer = tables.peers.get(item.peer);
    if (!peer || peer.hello === 'published') return [];
    const greeted = { ...peer, hello: 'published' as const };
    tables.peers.put(greeted);
    return handshakeOf(greeted) === 'acknowledged' ? [{ type: 'peer.handshaked', pubkey: item.peer }] : [];
  }

  function moveMessage(
    tables: Tables,
    item: OutboxItem,
    state: 'published' | 'failed' | 'expired',
    atMs: number,
  ): DomainEvent[] {
    const message = tables.messages.findByEvent(item.event.id);
    if (!message || !canMove(message.state, state)) return [];
    tables.messages.setState(message.id, state, atMs);
    return [{ type: 'message.state', id: message.id, state }];
  }

  /** After an attempt: done, refused everywhere, or when next. */
  async function settle(
    item: OutboxItem,
    outcomes: readonly PublishOutcome[],
    asked: readonly string[],
  ): Promise<void> {
    const { id } = item.event;
    const nowMs = clock.now();
    const relays = network.relays();
    const urls = relays.map((relay) => relay.url);
    const events = await store.transaction((tables) => {
      const final = tables.outbox.outcomes(id).filter((one) => one.final);
      if (urls.length > 0 && urls.every((url) => final.some((one) => one.url === url))) {
        tables.outbox.remove(id);
        const taken = final.some((one) => one.outcome === 'accepted');
        return taken || item.purpose !== 'message' ? [] : moveMessage(tables, item, 'failed', nowMs);
      }
      // Without an answer to wait for, the next connection is what wakes it.
      const retry = outcomes.some((one) => one.outcome !== 'offline' && !isFinal(one));
      const attempts = item.attempts + (retry ? 1 : 0);
      // One that came while the others were asked could not wake what was under way.
      const isNew = relays.some(
        ({ url, state }) =>
          state === 'connected' && !asked.includes(url) && !final.some((one) => one.url === url),
      );
      const dueAtMs = isNew ? nowMs : retry ? nowMs + retryDelayMs(attempts, random.unit()) : null;
      tables.outbox.reschedule(id, dueAtMs, attempts);
      return [];
    });
    notify(events);
  }

  async function expire(): Promise<void> {
    const nowMs = clock.now();
    // What is under way may be taken yet: it is looked at again when it has landed.
    const over = (tables: Tables) =>
      tables.outbox.expired(nowMs, 2 * IN_FLIGHT).filter(({ event }) => !inFlight.has(event.id));
    if (store.peek(over).length === 0) return;
    const events = await store.transaction((tables) =>
      over(tables).flatMap((item) => {
        tables.outbox.remove(item.event.id);
        return item.purpose === 'message' ? moveMessage(tables, item, 'expired', nowMs) : [];
      }),
    );
    notify(events);
  }

  function sleep(): void {
    cancelSleep();
    if (stopped) return;
    const nextMs = store.peek((tables) => tables.outbox.nextDueAtMs());
    const dueMs = nextMs === null ? LONGEST_SLEEP_MS : nextMs - clock.now();
    const waitMs = Math.max(0, dueMs, restsUntil - clock.monotonic());
    // What is due but in flight wakes us when it lands.
    if (waitMs === 0 && inFlight.size > 0) return;
    cancelSleep = clock.after(Math.min(waitMs, LONGEST_SLEEP_MS), () => void run());
  }

  function wake(): void {
    void run();
  }

  return {
    start() {
      stopped = false;
      wake();
    },
    wake,
    onConnected(url) {
      const nowMs = clock.now();
      store
        .transaction((tables) => tables.outbox.wake(url, nowMs))
        .then(wake, (error) => log.error('the outbox could not be woken', { reason: String(error) }));
    },
    async stop() {
      stopped = true;
      cancelSleep();
      await Promise.all(inFlight.values());
    },
  };
}

/** Refusals that no second try will change. */
const lasting = ['blocked', 'invalid', 'pow', 'restricted', 'mute'];

const isFinal = (outcome: PublishOutcome): boolean =>
  outcome.outcome === 'accepted' ||
  (outcome.outcome === 'rejected' && lasting.includes(outcome.prefix ?? 'other'));
