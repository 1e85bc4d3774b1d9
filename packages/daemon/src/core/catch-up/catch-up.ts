import {
  type Cancel,
  type Clock,
  type ConfirmedMs,
  every,
  type Log,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Filter } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { createFetchMessages, liveFilters, messageKinds } from './fetch-messages.ts';
import { catchUpLimits } from './limits.ts';
import { createLiveCheck, type LiveCheck } from './live-check.ts';
import { type CatchUpState, createRelayCatchUp, type RelayCatchUp } from './relay-catch-up.ts';

/** How often the cursors of relays move whose events arrive live. */
const CURSOR_MS = 600_000;

/** Time for the EOSE of the live subscription. Without it, we catch up nevertheless: what is stored comes by queries. */
const SUBSCRIBED_MS = 15_000;

interface OneRelay {
  readonly catchUp: RelayCatchUp;
  readonly liveCheck: LiveCheck;
  /** Whether the relay is connected and does not refuse us. */
  readonly isServing: () => boolean;
  /**
   * Messages that came before the EOSE of the live subscription: the newest that the relay has stored, most likely. They
   * wait for the catch-up, so that older ones come first. null while the subscription is open.
   */
  early: unknown[] | null;
  /** Cancels the wait for that EOSE. */
  cancelWait: Cancel;
}

/** What a relay has for us that did not come live. */
export interface Backlog {
  readonly state: CatchUpState;
  /** Messages that it should have sent live, and that a later query found. */
  readonly missedLive: number;
}

export const noBacklog: Backlog = { state: 'pending', missedLive: 0 };

export interface CatchUp {
  /** Returns the filters of the permanent subscription. */
  filters(): Filter[];
  backlog(url: string): Backlog;
  start(): void;
  onConnected(url: string): void;
  onSubscribed(url: string): void;
  /** Notes that the live subscription of this relay brought an event. */
  noteLive(event: unknown, url: string): void;
  /** Passes on an event of the live subscription. */
  onLive(event: unknown, url: string): void;
  onDisconnected(url: string): void;
  /** The relay knows who we are from now on: it may have withheld messages before. */
  onAuthenticated(url: string): void;
  /** An event of this relay was refused for now and has to be fetched again. */
  onDeferred(url: string, createdAtSec: number): void;
  /** Fetches messages again from all relays, from this time on: soon, and at most once in a few minutes. */
  fetchSince(sinceMs: UnixMs): void;
  /** The machine slept or its clock was set: anything may have been missed. */
  onWake(): void;
  stop(): void;
}

/**
 * Fetches the messages that relays kept for us while we were disconnected.
 *
 * `since` filters by `created_at`, and a sender may publish bytes that it signed days ago. A deep catch-up therefore
 * reaches back for as long as senders keep retrying, counted from the time up to which we received everything. There is
 * at most one per relay and hour: a short interruption starts a shallow one, and the deep one follows when it is due.
 */
export function createCatchUp(deps: {
  readonly self: Pubkey;
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  /** Returns the wall clock's date of a moment in confirmed time. */
  readonly toDate: (confirmedMs: ConfirmedMs) => UnixMs;
  readonly log: Log;
  readonly ingest: (raw: unknown, url: string) => void;
  readonly ingestBackfill: (raws: readonly unknown[], url: string) => Promise<void>;
  /** The live subscription brought a new message. */
  readonly onForwarded: (url: string) => void;
  /** A query found messages that the live subscription should have brought. */
  readonly onMissed: (url: string, messages: number) => void;
}): CatchUp {
  const { self, network, store, clock, toDate, log, ingestBackfill, onForwarded, onMissed } = deps;
  const relays = new Map<string, OneRelay>();
  const fetchMessages = createFetchMessages({ self, network, store, log, ingestBackfill });
  let cancelCursors: Cancel = () => {};
  let stopped = false;

  function relayOf(url: string): OneRelay {
    const known = relays.get(url);
    if (known) return known;
    const snapshot = () => (stopped ? undefined : network.relays().find((relay) => relay.url === url));
    const isOpen = (): boolean => snapshot()?.open === true;
    const relay: OneRelay = {
      catchUp: createRelayCatchUp(url, { store, clock, toDate, log, fetchMessages, isOpen }),
      liveCheck: createLiveCheck(url, {
        self,
        network,
        store,
        clock,
        log,
        ingestBackfill,
        onForwarded,
        onMissed,
      }),
      isServing: () => snapshot()?.state === 'connected',
      early: null,
      cancelWait: () => {},
    };
    relays.set(url, relay);
    return relay;
  }

  function onSubscribed(url: string): void {
    const relay = relayOf(url);
    relay.cancelWait();
    const early = relay.early ?? [];
    relay.early = null;
    relay.liveCheck.start();
    void relay.catchUp.onSubscribed().then(() => {
      for (const event of early) deps.ingest(event, url);
    });
  }

  /** Waits for the EOSE, but not for long: some relays send none. */
  function awaitSubscription(url: string): void {
    const relay = relayOf(url);
    relay.early ??= [];
    relay.cancelWait();
    relay.cancelWait = clock.after(SUBSCRIBED_MS, () => {
      if (relay.isServing()) onSubscribed(url);
    });
  }

  return {
    filters: () => liveFilters(self),
    backlog(url) {
      const relay = relays.get(url);
      return relay ? { state: relay.catchUp.state(), missedLive: relay.liveCheck.missed() } : noBacklog;
    },
    start() {
      cancelCursors = every(clock, CURSOR_MS, () => {
        for (const { catchUp } of relays.values()) catchUp.moveCursor();
      });
    },
    onConnected: awaitSubscription,
    onSubscribed,
    onDisconnected(url) {
      const relay = relayOf(url);
      relay.cancelWait();
      relay.early = null;
      relay.catchUp.onDisconnected();
      relay.liveCheck.stop();
    },
    noteLive(event, url) {
      if (!isMessage(event)) return;
      const from = relays.get(url);
      from?.liveCheck.onLive(event.id);
      // A stored one may be old, and what we have seen came before.
      if (!from || from.early || store.peek(({ seen }) => seen.has(event.id))) return;
      for (const other of relays.values()) if (other !== from) other.liveCheck.onElsewhere(event.id);
    },
    onLive(event, url) {
      const early = isMessage(event) ? relays.get(url)?.early : null;
      if (early && early.length < catchUpLimits.earlyEvents) early.push(event);
      else deps.ingest(event, url);
    },
    onAuthenticated(url) {
      relayOf(url).catchUp.onAuthenticated();
      awaitSubscription(url);
    },
    onDeferred: (url, createdAtSec) => relayOf(url).catchUp.onDeferred(createdAtSec * 1000),
    fetchSince(sinceMs) {
      for (const { catchUp } of relays.values()) catchUp.onDeferred(sinceMs);
    },
    onWake() {
      for (const { catchUp } of relays.values()) catchUp.onWake();
    },
    stop() {
      stopped = true;
      cancelCursors();
      for (const { catchUp, liveCheck, cancelWait } of relays.values()) {
        cancelWait();
        catchUp.stop();
        liveCheck.stop();
      }
    },
  };
}

/** Whether the value looks like a message. Its shape is not checked. */
function isMessage(event: unknown): event is { readonly id: string } {
  const { id, kind } = (event ?? {}) as { id?: unknown; kind?: unknown };
  return typeof id === 'string' && messageKinds.includes(kind as number);
}
