import { type Cancel, type Clock, every, type Log } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Filter } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { createFetchMessages, messageKinds } from './fetch-messages.ts';
import { type CatchUpState, createRelayCatchUp, type RelayCatchUp } from './relay-catch-up.ts';

/** How often the cursors of relays move whose events arrive live. */
const CURSOR_MS = 600_000;

/** What a relay has for us that did not come live. */
export interface Backlog {
  readonly state: CatchUpState;
  /** Messages that it should have sent live, and that a later query found. */
  readonly missedLive: number;
}

export const noBacklog: Backlog = { state: 'pending', missedLive: 0 };

export interface CatchUp {
  /** Returns the filters of the permanent subscription: new messages only, whatever their date. */
  filters(): Filter[];
  backlog(url: string): Backlog;
  start(): void;
  onSubscribed(url: string): void;
  onDisconnected(url: string): void;
  /** The relay knows who we are from now on: it may have withheld messages before. */
  onAuthenticated(url: string): void;
  /** An event of this relay was refused for now and has to be fetched again. */
  onDeferred(url: string, createdAtSec: number): void;
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
  readonly log: Log;
  readonly ingestBackfill: (raws: readonly unknown[], url: string) => Promise<void>;
}): CatchUp {
  const { self, network, store, clock, log, ingestBackfill } = deps;
  const relays = new Map<string, RelayCatchUp>();
  const fetchMessages = createFetchMessages({ self, network, store, log, ingestBackfill });
  let cancelCursors: Cancel = () => {};
  let stopped = false;

  function relayOf(url: string): RelayCatchUp {
    const known = relays.get(url);
    if (known) return known;
    const isOpen = (): boolean =>
      !stopped && network.relays().some((relay) => relay.url === url && relay.open);
    const relay = createRelayCatchUp(url, { store, clock, log, fetchMessages, isOpen });
    relays.set(url, relay);
    return relay;
  }

  return {
    filters: () => [{ kinds: messageKinds, '#p': [self], limit: 0 }],
    backlog: (url) => relays.get(url)?.backlog() ?? noBacklog,
    start() {
      cancelCursors = every(clock, CURSOR_MS, () => {
        for (const relay of relays.values()) relay.moveCursor();
      });
    },
    onSubscribed: (url) => relayOf(url).onSubscribed(),
    onDisconnected: (url) => relayOf(url).onDisconnected(),
    onAuthenticated: (url) => relayOf(url).onAuthenticated(),
    onDeferred: (url, createdAtSec) => relayOf(url).onDeferred(createdAtSec * 1000),
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
