import { type Clock, createTokenBucket, dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';
import { meshLimits } from './limits.ts';

/** Bytes and events that discovery received. */
export interface Traffic {
  readonly bytes: number;
  readonly events: number;
}

/** Length of one slot of the sum. */
const SLOT_MS = 2 * minuteMs;

/** Counts what discovery receives, and says whether it is within the budget. */
export interface DiscoveryTraffic {
  note(bytes: number, events: number): void;
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
    return [...slots]
      .filter(([slot]) => slot > first)
      .reduce((sum, [, { bytes, events }]) => ({ bytes: sum.bytes + bytes, events: sum.events + events }), {
        bytes: 0,
        events: 0,
      });
  }

  return {
    bytesPerDay,
    note(bytes, events) {
      bucket.spend(bytes);
      const slot = slotNow();
      const sum = slots.get(slot);
      slots.set(slot, { bytes: (sum?.bytes ?? 0) + bytes, events: (sum?.events ?? 0) + events });
      if (slots.size <= dayMs / SLOT_MS) return;
      const [oldest] = slots.keys();
      slots.delete(oldest as number);
    },
    lastHour: () => sumOf(hourMs),
    lastDay: () => sumOf(dayMs),
    hasBudget: () => bucket.left() > 0,
  };
}
