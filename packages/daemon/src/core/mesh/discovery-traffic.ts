import { type Clock, createTokenBucket, dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';
import { meshLimits } from './limits.ts';

/** Bytes and events that discovery received. */
export interface Traffic {
  readonly bytes: number;
  readonly events: number;
  /** Of these, bytes that subscriptions brought: nobody asked for the single event. */
  readonly liveBytes: number;
}

interface Slot extends Traffic {
  readonly unplannedBytes: number;
  /** Announcements of all agents on a relay. */
  readonly followedBytes: number;
}

/** Length of one slot of the sum. */
const SLOT_MS = 2 * minuteMs;

/** Time over which something unplanned is made up for, such as the first scan. */
const MADE_UP_MS = 6 * hourMs;

/** Counts what discovery receives, and says whether it is within the budget. */
export interface DiscoveryTraffic {
  /** Counts what nobody planned: a scan, a search, a count. */
  note(bytes: number, events: number): void;
  /** Counts a sample. */
  noteSample(bytes: number, events: number): void;
  /** Counts an event that a subscription brought; planned if it is one for all agents of a relay. */
  noteLive(bytes: number, isPlanned: boolean): void;
  lastHour(): Traffic;
  lastDay(): Traffic;
  /** Returns the bytes a day of what nobody planned, as it was in the last hours, or in the last one if that was more. */
  unplannedPerDay(): number;
  /** Returns the bytes a day of all agents on relays that are followed as a whole, as it was in the last hour. */
  followedPerDay(): number;
  /** Whether there is budget left for something that can wait. */
  hasBudget(): boolean;
  readonly bytesPerDay: number;
}

export function createDiscoveryTraffic(clock: Clock, bytesPerDay: number): DiscoveryTraffic {
  const planned = (bytesPerDay * meshLimits.budget.plannedPercent) / 100;
  const bucket = createTokenBucket(clock, {
    burst: bytesPerDay / meshLimits.budget.burstFraction,
    perSecond: (planned * 1000) / dayMs,
  });
  /** Sums of the last day by number of their slot. */
  const slots = new Map<number, Slot>();
  const startedAt = clock.monotonic();
  const slotNow = (): number => Math.floor(clock.monotonic() / SLOT_MS);

  function sumOf(ms: number): Slot {
    const first = slotNow() - ms / SLOT_MS;
    return [...slots].filter(([slot]) => slot > first).reduce((sum, [, slot]) => add(sum, slot), none);
  }

  /** What subscriptions will bring in the rest of the first day, for which we cannot wait. Later, as much drops out of the sum. */
  function comingLive(): number {
    const leftMs = Math.max(0, dayMs - (clock.monotonic() - startedAt));
    return (sumOf(MADE_UP_MS).liveBytes * leftMs) / MADE_UP_MS;
  }

  function note(received: Slot): void {
    bucket.spend(received.bytes);
    const slot = slotNow();
    slots.set(slot, add(slots.get(slot) ?? none, received));
    if (slots.size <= dayMs / SLOT_MS) return;
    const [oldest] = slots.keys();
    slots.delete(oldest as number);
  }

  return {
    bytesPerDay,
    note: (bytes, events) => note({ ...none, bytes, events, unplannedBytes: bytes }),
    noteSample: (bytes, events) => note({ ...none, bytes, events }),
    noteLive: (bytes, isPlanned) =>
      note({
        ...none,
        bytes,
        events: 1,
        liveBytes: bytes,
        [isPlanned ? 'followedBytes' : 'unplannedBytes']: bytes,
      }),
    unplannedPerDay: () =>
      Math.max(
        perDay(sumOf(MADE_UP_MS).unplannedBytes, MADE_UP_MS),
        perDay(sumOf(hourMs).unplannedBytes, hourMs),
      ),
    followedPerDay: () => perDay(sumOf(hourMs).followedBytes, hourMs),
    lastHour: () => sumOf(hourMs),
    lastDay: () => sumOf(dayMs),
    hasBudget: () => bucket.left() > 0 && sumOf(dayMs).bytes + comingLive() < planned,
  };
}

const perDay = (bytes: number, ms: number): number => (bytes * dayMs) / ms;

const none: Slot = { bytes: 0, events: 0, liveBytes: 0, unplannedBytes: 0, followedBytes: 0 };

const add = (one: Slot, other: Slot): Slot => ({
  bytes: one.bytes + other.bytes,
  events: one.events + other.events,
  liveBytes: one.liveBytes + other.liveBytes,
  unplannedBytes: one.unplannedBytes + other.unplannedBytes,
  followedBytes: one.followedBytes + other.followedBytes,
});
