import type { Clock, Random, UnixMs } from '@ocmesh/shared/ambient';
import type { WriteBudget } from '../relays/write-budget.ts';
import type { Attempt } from './attempts.ts';
import type { Entry } from './entry.ts';
import { createLane, type Lane } from './lane.ts';

/** The lanes of all relays, each made when the first entry is queued for its relay. */
export interface Lanes {
  /** Makes the relays pending and queues the entry for each. */
  queue(entry: Entry, urls: readonly string[]): void;
  onConnected(url: string): void;
  /** Ends all retry delays: what relays refused because of a wrong clock may go now. */
  retryAll(): void;
  /** Pauses sending to every relay. */
  backOff(ms: number): void;
  /** Returns the earliest next attempt on any relay; null while the entry waits for a connection or an outcome. */
  nextAttemptAtMs(entry: Entry): UnixMs | null;
  /** Whether the relay is being asked now. */
  isInFlight(entry: Entry, url: string): boolean;
  /** Drops empty lanes, except those to keep. @returns the relays of the others that still have something to write */
  dropEmpty(keep: readonly string[]): string[];
  /** Stops taking up work and waits for what is in flight. */
  stop(): Promise<void>;
}

export function createLanes(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: WriteBudget;
  readonly isOpen: (url: string) => boolean;
  readonly attempt: Attempt;
}): Lanes {
  const { clock, random, budget } = deps;
  const lanes = new Map<string, Lane>();
  let stopped = false;

  function laneOf(url: string): Lane {
    const known = lanes.get(url);
    if (known) return known;
    const lane = createLane(url, {
      clock,
      random,
      budget,
      isOpen: () => !stopped && deps.isOpen(url),
      attempt: (entry) => deps.attempt(entry, url),
    });
    lanes.set(url, lane);
    return lane;
  }

  return {
    queue(entry, urls) {
      // All are pending before the first attempt, which may skip its relay if there are others.
      for (const url of urls) entry.pending.add(url);
      for (const url of urls) laneOf(url).add(entry);
    },
    onConnected: (url) => lanes.get(url)?.onConnected(),
    retryAll() {
      for (const lane of lanes.values()) lane.onConnected();
    },
    backOff(ms) {
      for (const lane of lanes.values()) lane.backOff(ms);
    },
    nextAttemptAtMs(entry) {
      const times = [...entry.pending].flatMap((url) => lanes.get(url)?.nextAttemptAtMs(entry) ?? []);
      return times.length === 0 ? null : Math.min(...times);
    },
    isInFlight: (entry, url) => lanes.get(url)?.isInFlight(entry) ?? false,
    dropEmpty(keep) {
      const left: string[] = [];
      for (const [url, lane] of lanes) {
        if (keep.includes(url)) continue;
        if (lane.isEmpty()) lanes.delete(url);
        else left.push(url);
      }
      return left;
    },
    async stop() {
      stopped = true;
      await Promise.all([...lanes.values()].map((lane) => lane.stop()));
    },
  };
}
