import {
  type Cancel,
  type Clock,
  dayMs,
  every,
  type Log,
  minuteMs,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import type { Filter } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { createSealedFetch, sealedKinds } from './fetch-messages.ts';
import type { End } from './fetch-pages.ts';
import { catchUpLimits } from './limits.ts';

const DEEP_EVERY_MS = catchUpLimits.deepEveryMinutes * minuteMs;
/** Pause before a catch-up that did not get through is tried again on the same connection. */
const RETRY_MS = 300_000;
/** The same before what could not be kept is asked for, unless that happened lately: a relay's gift wraps have room again. */
const DEFERRED_MS = 30_000;
/** How often the cursor of a relay that we listen to moves on. */
const CURSOR_MS = 600_000;

type Depth = 'deep' | 'shallow';

interface RelayState {
  /** By the clock that never jumps. */
  deepAtMs: number;
  lostAtMs: UnixMs;
  busy: boolean;
  /** A deep one is through since the last break: what comes from now on comes live. */
  caughtUp: boolean;
  /** When the cursor was last looked at. */
  lookedAtMs: UnixMs;
  /** From which date on something has to be asked for again; null when nothing has. */
  deferredSinceMs: UnixMs | null;
  /** When the timer last asked, by the clock that never jumps. */
  retriedAtMs: number;
  cancelDeep: Cancel;
  cancelRetry: Cancel;
  /** What the timer will ask. */
  retrying: Depth | null;
}

export interface CatchUp {
  /** Of the permanent subscription: only what comes from now on, however old it says it is. */
  filters(): Filter[];
  start(): void;
  onSubscribed(url: string): void;
  onDisconnected(url: string): void;
  /** Something that this relay sent, dated so, could not be kept. */
  onDeferred(url: string, createdAtSec: number): void;
  /** The machine slept, or its clock was set: nobody knows what was missed. */
  onWake(): void;
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
  readonly ingestBackfill: (raws: readonly unknown[], url: string) => Promise<void>;
}): CatchUp {
  const { self, network, store, clock, log } = deps;
  const relays = new Map<string, RelayState>();
  const fetchSealed = createSealedFetch(deps);
  let cancelCursors: Cancel = () => {};
  let stopped = false;

  const stateOf = (url: string): RelayState => {
    const state = relays.get(url) ?? {
      deepAtMs: Number.NEGATIVE_INFINITY,
      // Before the first break: a shallow ask reaches back to where the first deep one began.
      lostAtMs: clock.now(),
      busy: false,
      caughtUp: false,
      lookedAtMs: clock.now(),
      deferredSinceMs: null,
      retriedAtMs: Number.NEGATIVE_INFINITY,
      cancelDeep: () => {},
      cancelRetry: () => {},
      retrying: null,
    };
    relays.set(url, state);
    return state;
  };

  const isOpen = (url: string): boolean => network.relays().some((relay) => relay.url === url && relay.open);

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
      const found = await fetchSealed(url, sinceMs(url, depth, startedAtMs, deferredBefore));
      // What was refused again is still to be had: the cursor stays.
      end = state.deferredSinceMs === null ? found.end : 'broken';
      // A shallow one does not see what was dated back: only a deep one moves the cursor.
      if (end === 'complete' && depth === 'deep') {
        state.deepAtMs = startedAtMonotonic;
        state.caughtUp = true;
        state.lookedAtMs = startedAtMs;
        await store.transaction((tables) => tables.relays.setCursor(url, startedAtMs));
      }
      if (found.count > 0) log.debug('caught up', { relay: url, depth, events: found.count, end });
    } catch (error) {
      log.error('a catch-up could not be stored', { relay: url, reason: String(error) });
    } finally {
      state.busy = false;
      if (end === 'broken') {
        const isDeferred = state.deferredSinceMs !== null;
        state.deferredSinceMs = earlier(deferredBefore, state.deferredSinceMs);
        // To reach far back is dear: while there is no room for the answer, once an hour is enough.
        const isFar = depth === 'deep' || startedAtMs - (state.deferredSinceMs ?? startedAtMs) > dayMs;
        retry(url, depth, isDeferred && isFar ? DEEP_EVERY_MS : RETRY_MS);
      }
    }
  }

  /** A new connection asks by itself. */
  function retry(url: string, depth: Depth, pauseMs = RETRY_MS): void {
    if (stopped || !isOpen(url)) return;
    const state = stateOf(url);
    // A shallow ask does not do for a deep one.
    if (state.retrying === 'deep' && depth === 'shallow') return;
    state.cancelRetry();
    state.retrying = depth;
    state.cancelRetry = clock.after(pauseMs, () => {
      state.retrying = null;
      state.retriedAtMs = clock.monotonic();
      void fetch(url, depth);
    });
  }

  function sinceMs(url: string, depth: Depth, nowMs: UnixMs, deferredMs: UnixMs | null): UnixMs {
    const { cursor, knownSince } = store.peek((tables) => ({
      cursor: tables.relays.cursor(url),
      knownSince: tables.seen.knownSinceMs(),
    }));
    if (depth === 'shallow') {
      const { lostAtMs } = stateOf(url);
      const oldestMs = Math.max(nowMs - limits.message.days * dayMs, knownSince);
      const fromMs = Math.min(lostAtMs, Math.max(deferredMs ?? nowMs, oldestMs), nowMs);
      return fromMs - catchUpLimits.shallowSeconds * 1000;
    }
    // A cursor in the future comes from a clock that was wrong: it counts as none.
    const from = cursor !== null && cursor <= nowMs ? cursor : nowMs;
    // Not further than our memory of what we had: what is older would arrive twice.
    return Math.max(from - limits.message.days * dayMs, Math.min(knownSince, nowMs));
  }

  /** To the look before this one: had the machine slept in between, it would not be told yet. */
  function moveCursors(): void {
    for (const [url, state] of relays) {
      const { lookedAtMs } = state;
      state.lookedAtMs = clock.now();
      if (!state.caughtUp || state.deferredSinceMs !== null || !isOpen(url)) continue;
      store
        .transaction((tables) => tables.relays.setCursor(url, lookedAtMs))
        .catch((error) => log.warn('a cursor could not be stored', { relay: url, reason: String(error) }));
    }
  }

  return {
    filters: () => [{ kinds: sealedKinds, '#p': [self], limit: 0 }],
    start() {
      cancelCursors = every(clock, CURSOR_MS, moveCursors);
    },
    onSubscribed,
    onDeferred(url, createdAtSec) {
      const state = stateOf(url);
      const isFirst = state.deferredSinceMs === null;
      state.deferredSinceMs = earlier(state.deferredSinceMs, Math.min(createdAtSec * 1000, clock.now()));
      // A fetch under way sees it at its end.
      if (!isFirst || state.busy) return;
      const sinceRetryMs = clock.monotonic() - state.retriedAtMs;
      retry(url, 'shallow', Math.max(DEFERRED_MS, RETRY_MS - sinceRetryMs));
    },
    onDisconnected(url) {
      const state = stateOf(url);
      cancelTimers(state);
      state.lostAtMs = clock.now();
      state.caughtUp = false;
    },
    onWake() {
      for (const [url, state] of relays) {
        state.deepAtMs = Number.NEGATIVE_INFINITY;
        state.caughtUp = false;
        if (isOpen(url)) onSubscribed(url);
      }
    },
    stop() {
      stopped = true;
      cancelCursors();
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
