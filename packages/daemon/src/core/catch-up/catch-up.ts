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
import { createFetchMessages, messageKinds } from './fetch-messages.ts';
import { createRelayCatchUp, type RelayCatchUp } from './relay-catch-up.ts';

/** How often the cursors of relays move whose events arrive live. */
const CURSOR_MS = 600_000;

export interface CatchUp {
  /** Returns the filters of the permanent subscription: new messages only, whatever their date. */
  filters(): Filter[];
  start(): void;
  onSubscribed(url: string): void;
  onDisconnected(url: string): void;
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
  readonly ingestBackfill: (raws: readonly unknown[], url: string) => Promise<void>;
}): CatchUp {
  const { self, network, store, clock, toDate, log, ingestBackfill } = deps;
  const relays = new Map<string, RelayCatchUp>();
  const fetchMessages = createFetchMessages({ self, network, store, log, ingestBackfill });
  let cancelCursors: Cancel = () => {};
  let stopped = false;

  function relayOf(url: string): RelayCatchUp {
    const known = relays.get(url);
    if (known) return known;
    const isOpen = (): boolean =>
      !stopped && network.relays().some((relay) => relay.url === url && relay.open);
    const relay = createRelayCatchUp(url, { store, clock, toDate, log, fetchMessages, isOpen });
    relays.set(url, relay);
    return relay;
  }

  return {
    filters: () => [{ kinds: messageKinds, '#p': [self], limit: 0 }],
    start() {
      cancelCursors = every(clock, CURSOR_MS, () => {
        for (const relay of relays.values()) relay.moveCursor();
      });
    },
    onSubscribed: (url) => relayOf(url).onSubscribed(),
    onDisconnected: (url) => relayOf(url).onDisconnected(),
    onDeferred: (url, createdAtSec) => relayOf(url).onDeferred(createdAtSec * 1000),
    fetchSince(sinceMs) {
      for (const relay of relays.values()) relay.onDeferred(sinceMs);
    },
    onWake() {
      for (const relay of relays.values()) relay.onWake();
    },
    stop() {
      stopped = true;
      cancelCursors();
      for (const relay of relays.values()) relay.stop();
    },
  };
}
