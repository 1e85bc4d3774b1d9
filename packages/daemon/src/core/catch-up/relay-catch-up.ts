import {
  type Cancel,
  type Clock,
  type ConfirmedMs,
  dayMs,
  type Log,
  type MonotonicMs,
  minuteMs,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { RelayDetails } from '@ocmesh/shared/contract';
import { MESSAGE_LOOK_BACK_MS } from '../ingest/look-back.ts';
import type { Store } from '../ports/store.ts';
import type { FetchMessages } from './fetch-messages.ts';
import type { End } from './fetch-pages.ts';
import { catchUpLimits } from './limits.ts';

const DEEP_EVERY_MS = catchUpLimits.deepEveryMinutes * minuteMs;
/** Pause before a catch-up that failed is repeated on the same connection. */
const RETRY_MS = 300_000;
/** Pause before deferred events are fetched, unless that was done lately: by then more gift wraps may be checked. */
const DEFERRED_MS = 30_000;

/** A deep catch-up finds back-dated messages; a shallow one reaches back to the last disconnection only. */
type Depth = 'deep' | 'shallow';

/** Result of the latest catch-up: `incomplete` if the relay has or may have more than it sent. */
export type CatchUpState = RelayDetails['catch_up'];

/** Catches up with one relay, over all its connections. */
export interface RelayCatchUp {
  state(): CatchUpState;
  /** Resolves when the catch-up that it starts is done. */
  onSubscribed(): Promise<void>;
  onDisconnected(): void;
  /** The relay may have withheld messages until now. */
  onAuthenticated(): void;
  /** An event with this `created_at` was refused for now and has to be fetched again. */
  onDeferred(createdAtMs: UnixMs): void;
  /** The machine slept or its clock was set: anything may have been missed. */
  onWake(): void;
  /** Moves the cursor while events arrive live. To be called regularly. */
  moveCursor(): void;
  stop(): void;
}

export function createRelayCatchUp(
  url: string,
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly toDate: (confirmedMs: ConfirmedMs) => UnixMs;
    readonly log: Log;
    readonly fetchMessages: FetchMessages;
    readonly isOpen: () => boolean;
  },
): RelayCatchUp {
  const { store, clock, log, isOpen } = deps;
  let deepAt: MonotonicMs = Number.NEGATIVE_INFINITY;
  /** Before the first disconnection: a shallow catch-up reaches back to where the first deep one began. */
  let lostAtMs = clock.now();
  let isFetching = false;
  /** What the fetch under way finds is not all: it has to be repeated. */
  let isOutdated = false;
  let state: CatchUpState = 'pending';
  /** A deep catch-up succeeded on this connection: later events arrive live. */
  let isCaughtUp = false;
  let cursorCheckedAtMs = clock.now();
  /** The oldest event to be fetched again; null if there is none. */
  let deferredSinceMs: UnixMs | null = null;
  let retriedAt: MonotonicMs = Number.NEGATIVE_INFINITY;
  let retryDepth: Depth | null = null;
  let cancelDeep: Cancel = () => {};
  let cancelRetry: Cancel = () => {};

  function cancelTimers(): void {
    cancelDeep();
    cancelRetry();
    retryDepth = null;
  }

  function onSubscribed(): Promise<void> {
    cancelTimers();
    const sinceDeepMs = clock.monotonic() - deepAt;
    if (sinceDeepMs >= DEEP_EVERY_MS) return fetch('deep');
    cancelDeep = clock.after(DEEP_EVERY_MS - sinceDeepMs, () => void fetch('deep'));
    return fetch('shallow');
  }

  async function fetch(depth: Depth): Promise<void> {
    if (isFetching) return retry(depth);
    isFetching = true;
    const deferredBefore = deferredSinceMs;
    deferredSinceMs = null;
    let end: End = 'broken';
    const startedAtMs = clock.now();
    const startedAt = clock.monotonic();
    try {
      const found = await deps.fetchMessages(url, startMs(depth, startedAtMs, deferredBefore));
      // Events that were deferred again are still to be fetched: the cursor stays.
      end = deferredSinceMs === null && !isOutdated ? found.end : 'broken';
      if (end !== 'broken' && depth === 'deep') deepAt = startedAt;
      if (end === 'incomplete') onIncomplete();
      // A shallow one does not find back-dated events: only a deep one moves the cursor.
      if (end === 'complete' && depth === 'deep') {
        isCaughtUp = true;
        state = 'complete';
        cursorCheckedAtMs = startedAtMs;
        await store.transaction((tables) => tables.relays.setCursor(url, startedAtMs));
      }
      if (found.count > 0) log.debug('caught up', { relay: url, depth, events: found.count, end });
    } catch (error) {
      log.error('a catch-up could not be stored', { relay: url, reason: String(error) });
    } finally {
      isFetching = false;
      if (end === 'broken') {
        const isDeferred = deferredSinceMs !== null;
        deferredSinceMs = earlier(deferredBefore, deferredSinceMs);
        // Reaching far back is expensive: while there is no room for the events, once an hour is enough.
        const isFar = depth === 'deep' || startedAtMs - (deferredSinceMs ?? startedAtMs) > dayMs;
        if (isOutdated) retry('deep', 0);
        else retry(depth, isDeferred && isFar ? DEEP_EVERY_MS : RETRY_MS);
      }
      isOutdated = false;
    }
  }

  /** The cursor stays. What the relay keeps back may come later, when it is no longer hidden by other events. */
  function onIncomplete(): void {
    if (state !== 'incomplete') log.warn('relay has more messages than it sends', { relay: url });
    state = 'incomplete';
    isCaughtUp = false;
    cancelDeep();
    if (isOpen()) cancelDeep = clock.after(DEEP_EVERY_MS, () => void fetch('deep'));
  }

  function startMs(depth: Depth, nowMs: UnixMs, deferredMs: UnixMs | null): UnixMs {
    const cursor = store.peek(({ relays }) => relays.cursor(url));
    const knownSinceMs = deps.toDate(store.peek(({ seen }) => seen.knownSinceMs(url)));
    return depth === 'deep'
      ? deepStartMs(nowMs, cursor, knownSinceMs)
      : shallowStartMs(nowMs, lostAtMs, deferredMs, knownSinceMs);
  }

  /** Repeats a catch-up on the same connection. A new connection starts one by itself. */
  function retry(depth: Depth, pauseMs = RETRY_MS): void {
    if (!isOpen()) return;
    // A shallow one does not replace a deep one.
    if (retryDepth === 'deep' && depth === 'shallow') return;
    cancelRetry();
    retryDepth = depth;
    cancelRetry = clock.after(pauseMs, () => {
      retryDepth = null;
      retriedAt = clock.monotonic();
      void fetch(depth);
    });
  }

  return {
    state: () => state,
    onSubscribed,
    onDisconnected() {
      cancelTimers();
      lostAtMs = clock.now();
      isCaughtUp = false;
    },
    onAuthenticated() {
      deepAt = Number.NEGATIVE_INFINITY;
      isCaughtUp = false;
      isOutdated = isFetching;
    },
    onDeferred(createdAtMs) {
      const isFirst = deferredSinceMs === null;
      deferredSinceMs = earlier(deferredSinceMs, Math.min(createdAtMs, clock.now()));
      // A catch-up under way sees it at its end.
      if (!isFirst || isFetching) return;
      const sinceRetryMs = clock.monotonic() - retriedAt;
      retry('shallow', Math.max(DEFERRED_MS, RETRY_MS - sinceRetryMs));
    },
    onWake() {
      deepAt = Number.NEGATIVE_INFINITY;
      isCaughtUp = false;
      if (isOpen()) void onSubscribed();
    },
    moveCursor() {
      // To the previous check: if the machine slept since then, we do not know yet.
      const checkedAtMs = cursorCheckedAtMs;
      cursorCheckedAtMs = clock.now();
      if (!isCaughtUp || deferredSinceMs !== null || !isOpen()) return;
      store
        .transaction((tables) => tables.relays.setCursor(url, checkedAtMs))
        .catch((error) => log.warn('a cursor could not be stored', { relay: url, reason: String(error) }));
    },
    stop: cancelTimers,
  };
}

/** Returns the date from which a deep catch-up fetches messages. */
function deepStartMs(nowMs: UnixMs, cursor: UnixMs | null, knownSinceMs: UnixMs): UnixMs {
  // A cursor in the future comes from a wrong clock: ignored.
  const from = cursor !== null && cursor <= nowMs ? cursor : nowMs;
  // Not further back than the ids we remember: older messages would arrive twice.
  return Math.max(from - MESSAGE_LOOK_BACK_MS, Math.min(knownSinceMs, nowMs));
}

/** Returns the date from which a shallow catch-up fetches: the disconnection, or the oldest deferred event. */
function shallowStartMs(
  nowMs: UnixMs,
  lostAtMs: UnixMs,
  deferredMs: UnixMs | null,
  knownSinceMs: UnixMs,
): UnixMs {
  const oldestMs = Math.max(nowMs - MESSAGE_LOOK_BACK_MS, knownSinceMs);
  const fromMs = Math.min(lostAtMs, Math.max(deferredMs ?? nowMs, oldestMs), nowMs);
  return fromMs - catchUpLimits.shallowSeconds * 1000;
}

const earlier = (a: UnixMs | null, b: UnixMs | null): UnixMs | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
