import { type Clock, createTokenBucket, dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';
import { meshLimits } from './limits.ts';

/** Bytes and events that discovery received. */
export interface Traffic {
  readonly bytes: number;
  readonly events: number;
  /** Of these, bytes that subscriptions brought: nobody asked for the single event. */
  readonly liveBytes: number;
}

/** Length of one slot of the sum. */
const SLOT_MS = 2 * minuteMs;

/** Counts what discovery receives, and says whether it is within the budget. */
export interface DiscoveryTraffic {
  note(bytes: number, events: number): void;
  /** Counts an event that a subscription brought. */
  noteLive(bytes: number): void;
  lastHour(): Traffic;
  lastDay(): Traffic;
  /** Whether there is budget left for something that can wait. */
  hasBudget(): boolean;
  readonly bytesPerDay: number;
}

export function createDiscoveryTraffic(clock: Clock, bytesPerDay: number): DiscoveryTraffic {
  const bucket = createTokenBucket(clock, {
    burst: bytesPerDay / meshLimits.budget.burstFraction,
    perSecond: (bytesPerDay * 1000) / dayMs,
  });
  /** Sums of the last day by number of their slot. */
  const slots = new Map<number, Traffic>();
  const slotNow = (): number => Math.floor(clock.monotonic() / SLOT_MS);

  function sumOf(ms: number): Traffic {
    const first = slotNow() - ms / SLOT_MS;
    return [...slots].filter(([slot]) => slot > first).reduce((sum, [, slot]) => add(sum, slot), none);
  }

  function note(received: Traffic): void {
    bucket.spend(received.bytes);
    const slot = slotNow();
    slots.set(slot, add(slots.get(slot) ?? none, received));
    if (slots.size <= dayMs / SLOT_MS) return;
    const [oldest] = slots.keys();
    slots.delete(oldest as number);
  }

  return {
    bytesPerDay,
    note: (bytes, events) => note({ bytes, events, liveBytes: 0 }),
    noteLive: (bytes) => note({ bytes, events: 1, liveBytes: bytes }),
    lastHour: () => sumOf(hourMs),
    lastDay: () => sumOf(dayMs),
    hasBudget: () => bucket.left() > 0,
  };
}

const none: Traffic = { bytes: 0, events: 0, liveBytes: 0 };

const add = (one: Traffic, other: Traffic): Traffic => ({
  bytes: one.bytes + other.bytes,
  events: one.events + other.events,
  liveBytes: one.liveBytes + other.liveBytes,
});
