import { type Cancel, type Clock, toIso } from '@ocmesh/shared/ambient';
import { errorRow, OcmeshError } from '@ocmesh/shared/contract';
import { watchLimits } from './limits.ts';
import { type Line, linesOf } from './lines.ts';
import { readNews, type Senders } from './read-news.ts';
import type { WatchState } from './watch-state.ts';

const LOOK_MS = watchLimits.lookSeconds * 1000;
const RETRY_MS = watchLimits.reconnectMaxSeconds * 1000;

export interface Watcher {
  /** Something may have arrived. Announces it now, or when the quiet time is over. */
  onChange(): void;
  /** Ends it. @returns resolves when nothing is being announced any more */
  stop(): Promise<void>;
}

export interface WatcherDeps {
  readonly api: Parameters<typeof readNews>[0];
  readonly clock: Clock;
  readonly state: WatchState;
  /** Hands a line over. @returns whether it was taken; else it is part of the next announcement */
  readonly announce: (line: Line) => Promise<boolean>;
  /** Called right after a line counts as announced. */
  readonly onAnnounced?: () => void;
  /** Called once if it cannot go on: with an error, or with null if a newer watcher took over the name. */
  readonly onEnd: (error: unknown) => void;
}

/**
 * Announces what arrives: the first at once, then what came meanwhile when the quiet time is over, over restarts. Saves what it announced after
 * the line was taken: a watcher that is killed in between says it once more rather than never.
 */
export function createWatcher(
  deps: WatcherDeps,
  options: {
    /** Of the watcher. */
    readonly name: string;
    readonly senders: Senders;
    /** Whether requests are announced. */
    readonly requests: boolean;
    /** Milliseconds between two announcements. */
    readonly quietMs: number;
  },
): Watcher {
  const { api, clock, state, announce, onEnd } = deps;
  let nextLookAt = clock.monotonic() + leftOf(options.quietMs);
  let cancel: Cancel = () => {};
  let looking: Promise<void> | null = null;
  let isChanged = false;
  let isOver = false;

  /**
   * Returns what is left of a quiet time that earlier watchers of this name began: a hook starts a new one after each
   * announcement, so a burst would be as many turns of the agent.
   */
  function leftOf(quietMs: number): number {
    const { times } = state.announced();
    const [first] = times;
    if (first === undefined || times.length < watchLimits.atOnce) return 0;
    const sinceMs = clock.now() - Date.parse(first);
    // The clock may have been set since.
    return sinceMs >= 0 && sinceMs < quietMs ? quietMs - sinceMs : 0;
  }

  function schedule(): void {
    cancel();
    if (looking || isOver) return;
    cancel = clock.after(Math.max(0, nextLookAt - clock.monotonic()), () => {
      isChanged = false;
      looking = look()
        .then((pauseMs) => {
          nextLookAt = clock.monotonic() + pauseMs;
        }, onFailure)
        .then(() => {
          looking = null;
          if (isChanged) schedule();
        });
    });
  }

  /** @returns the pause before the next look, in milliseconds */
  async function look(): Promise<number> {
    const before = state.announced();
    const { news, next } = await readNews(api, before, options);
    if (isOver) return 0;
    if (!state.isOurs()) {
      end(null);
      return 0;
    }
    const lines = linesOf(options.requests ? news : { ...news, requests: [] });
    const waiting = new Set(lines.map(({ kind }) => kind));
    let { times } = before;
    const prepare = (): (() => void) =>
      state.prepare({
        cursor: waiting.has('message') ? before.cursor : next.cursor,
        requests: waiting.has('request') ? before.requests : next.requests,
        paused: waiting.has('paused') ? before.paused : next.paused,
        test: waiting.has('test') ? before.test : next.test,
        times,
      });
    if (lines.length === 0) prepare()();
    for (const line of lines) {
      waiting.delete(line.kind);
      times = [...before.times, toIso(clock.now())].slice(-watchLimits.atOnce);
      const commit = prepare();
      if (await announce(line)) {
        commit();
        deps.onAnnounced?.();
      } else waiting.add(line.kind);
    }
    return lines.length > 0 ? options.quietMs : LOOK_MS;
  }

  function onFailure(error: unknown): void {
    // The daemon is away, or too busy.
    if (error instanceof OcmeshError && errorRow(error.code).retry !== 'never') {
      isChanged = true;
      nextLookAt = clock.monotonic() + RETRY_MS;
    } else end(error);
  }

  function end(error: unknown): void {
    if (isOver) return;
    isOver = true;
    onEnd(error);
  }

  return {
    onChange() {
      isChanged = true;
      schedule();
    },
    async stop() {
      isOver = true;
      cancel();
      await looking;
    },
  };
}
