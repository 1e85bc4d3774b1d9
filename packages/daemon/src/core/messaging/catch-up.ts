import { type Cancel, type Clock, dayMs, type Log, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import { type Filter, kinds, parseEvent } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';

const DEEP_EVERY_MS = limits.catchUpDeepEveryMinutes * 60_000;
/** Pages of one catch-up: a relay that never runs dry is lying. */
const MOST_PAGES = 200;

/** Pause before a catch-up that did not get through is tried again on the same connection. */
const RETRY_MS = 300_000;

type Depth = 'deep' | 'shallow';
/** `endless`: asking again would not help. */
type End = 'complete' | 'broken' | 'endless';

interface RelayState {
  /** By the clock that never jumps. */
  deepAtMs: number;
  lostAtMs: UnixMs;
  busy: boolean;
  /** Since when something has to be asked for again; null when nothing has. */
  deferredSinceMs: UnixMs | null;
  cancelDeep: Cancel;
  cancelRetry: Cancel;
  /** What the timer will ask. */
  retrying: Depth | null;
}

export interface CatchUp {
  /** Of the standing subscription: only what comes from now on, however old it says it is. */
  filters(): Filter[];
  onSubscribed(url: string): void;
  onDisconnected(url: string): void;
  /** Something that this relay sent could not be kept. */
  onDeferred(url: string): void;
  stop(): void;
}

/**
 * Fetches the messages that a relay kept for us while we were away.
 *
 * `since` filters on `created_at`, and a sender may publish bytes that it signed days ago: so the window reaches
 * as far back as an outbox lives, counted from our own receive time. At most one such deep ask per relay and hour;
 * after a short break a shallow one, the deep one made up for later.
 */
export function createCatchUp(deps: {
  readonly self: Pubkey;
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly ingestStored: (raws: readonly unknown[], url: string) => Promise<void>;
}): CatchUp {
  const { self, network, store, clock, log } = deps;
  const relays = new Map<string, RelayState>();
  let stopped = false;

  const stateOf = (url: string): RelayState => {
    const state = relays.get(url) ?? {
      deepAtMs: Number.NEGATIVE_INFINITY,
      // Before the first break: a shallow ask reaches back to where the first deep one began.
      lostAtMs: clock.now(),
      busy: false,
      deferredSinceMs: null,
      cancelDeep: () => {},
      cancelRetry: () => {},
      retrying: null,
    };
    relays.set(url, state);
    return state;
  };

  function onSubscribed(url: string): void {
    const state = stateOf(url);
    cancelTimers(state);
    const sinceDeepMs = clock.monotonic() - state.deepAtMs;
    if (sinceDeepMs >= DEEP_EVERY_MS) return void fetch(url, 'deep');
    void fetch(url, 'shallow');
    state.cancelDeep = clock.after(DEEP_EVERY_MS - sinceDeepMs, () => void fetch(url, 'deep'));
  }

  async function fetch(url: string, depth: Depth): Promise<void> {
    const state = stateOf(url);
    if (state.busy) return retry(url, depth);
    state.busy = true;
    const deferredBefore = state.deferredSinceMs;
    state.deferredSinceMs = null;
    let end: End = 'broken';
    const startedAtMs = clock.now();
    const startedAtMonotonic = clock.monotonic();
    try {
      const found = await pages(url, toUnixSec(sinceMs(url, depth, startedAtMs, deferredBefore)));
      await deps.ingestStored(found.events, url);
      // What was refused again is still to be had: the cursor stays.
      end = state.deferredSinceMs === null ? found.end : 'broken';
      if (end === 'complete') {
        if (depth === 'deep') state.deepAtMs = startedAtMonotonic;
        await store.transaction((tables) => tables.relays.setCursor(url, startedAtMs));
      }
      if (found.events.length > 0)
        log.debug('caught up', { relay: url, depth, events: found.events.length, end });
    } catch (error) {
      log.error('a catch-up could not be stored', { relay: url, reason: String(error) });
    } finally {
      state.busy = false;
      if (end === 'broken') {
        const isDeferred = state.deferredSinceMs !== null;
        state.deferredSinceMs = earlier(deferredBefore, state.deferredSinceMs);
        // A deep ask is dear: while there is no room for its answer, once an hour is enough.
        retry(url, depth, isDeferred && depth === 'deep' ? DEEP_EVERY_MS : RETRY_MS);
      }
    }
  }

  /** A new connection asks by itself. */
  function retry(url: string, depth: Depth, pauseMs = RETRY_MS): void {
    const isConnected = network.relays().some((relay) => relay.url === url && relay.open);
    if (stopped || !isConnected) return;
    const state = stateOf(url);
    // A shallow ask does not do for a deep one.
    if (state.retrying === 'deep' && depth === 'shallow') return;
    state.cancelRetry();
    state.retrying = depth;
    state.cancelRetry = clock.after(pauseMs, () => {
      state.retrying = null;
      void fetch(url, depth);
    });
  }

  function sinceMs(url: string, depth: Depth, nowMs: UnixMs, deferredMs: UnixMs | null): UnixMs {
    if (depth === 'shallow') {
      return (
        Math.min(stateOf(url).lostAtMs, deferredMs ?? nowMs, nowMs) - limits.catchUpShallowSeconds * 1000
      );
    }
    const { cursor, knownSince } = store.peek((tables) => ({
      cursor: tables.relays.cursor(url),
      knownSince: tables.seen.knownSinceMs(),
    }));
    // A cursor in the future comes from a clock that was wrong: it counts as none.
    const from = cursor !== null && cursor <= nowMs ? cursor : nowMs;
    // Not further than our memory of what we had: what is older would arrive twice.
    return Math.max(from - limits.outboxDays * dayMs, knownSince);
  }

  /** Newest first, page after page, each from the oldest second of the one before, until nothing new comes. */
  async function pages(url: string, since: number): Promise<{ end: End; events: unknown[] }> {
    const byId = new Map<string, unknown>();
    let until: number | undefined;
    let largest = 0;
    for (let page = 0; page < MOST_PAGES; page++) {
      const filter: Filter = {
        kinds: [kinds.encryptedDm],
        '#p': [self],
        since,
        ...(until === undefined ? {} : { until }),
        limit: limits.catchUpPage,
      };
      const { complete, events } = await network.query(url, [filter]);
      const before = byId.size;
      largest = Math.max(largest, events.length);
      for (const raw of events) {
        const event = parseEvent(raw);
        if (!event) continue;
        byId.set(`${event.id}${event.sig}`, raw);
        until = Math.min(until ?? event.created_at, event.created_at);
      }
      if (!complete) return { end: 'broken', events: [...byId.values()] };
      if (byId.size > before) continue;
      // A page full of one second hides what is older: some of that second may be lost, but not the rest.
      const isFull = events.length >= largest && events.every((raw) => parseEvent(raw)?.created_at === until);
      if (until === undefined || !isFull) return { end: 'complete', events: [...byId.values()] };
      until--;
    }
    log.warn('a relay keeps sending stored messages without end', { relay: url });
    return { end: 'endless', events: [...byId.values()] };
  }

  return {
    filters: () => [{ kinds: [kinds.encryptedDm], '#p': [self], limit: 0 }],
    onSubscribed,
    onDeferred(url) {
      const state = stateOf(url);
      if (state.deferredSinceMs !== null) return;
      state.deferredSinceMs = clock.now();
      // A fetch under way sees it at its end.
      if (!state.busy) retry(url, 'shallow');
    },
    onDisconnected(url) {
      const state = stateOf(url);
      cancelTimers(state);
      state.lostAtMs = clock.now();
    },
    stop() {
      stopped = true;
      for (const state of relays.values()) cancelTimers(state);
    },
  };
}

function cancelTimers(state: RelayState): void {
  state.cancelDeep();
  state.cancelRetry();
  state.retrying = null;
}

const earlier = (a: UnixMs | null, b: UnixMs | null): UnixMs | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
