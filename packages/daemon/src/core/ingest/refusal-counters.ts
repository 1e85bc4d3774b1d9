import type { Refusal } from '../model/verdict.ts';

/** Refusals that are the daily business of several relays carrying the same events. */
const ordinary: readonly Refusal[] = ['duplicate', 'stale', 'own', 'expired'];

export interface RefusalCounters {
  /** An event came, whatever becomes of it. */
  countEvent(): void;
  count(reason: Refusal): void;
  /** All counts since start. */
  totals(): { readonly events: number; readonly refused: Readonly<Record<string, number>> };
  /** Counts since start, the ordinary ones left out. */
  unusual(): Record<string, number>;
}

export function createRefusalCounters(): RefusalCounters {
  const counts = new Map<Refusal, number>();
  let events = 0;
  return {
    countEvent() {
      events++;
    },
    totals: () => ({ events, refused: Object.fromEntries(counts) }),
    count(reason) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    },
    unusual: () => Object.fromEntries([...counts].filter(([reason]) => !ordinary.includes(reason))),
  };
}
