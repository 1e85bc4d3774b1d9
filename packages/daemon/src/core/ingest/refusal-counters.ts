import type { RefusalReason } from '../model/verdict.ts';

/** Refusals that are normal when several relays carry the same events. */
const ordinary: readonly RefusalReason[] = ['duplicate', 'stale', 'own', 'expired'];

export interface RefusalCounters {
  /** Counts an incoming event, refused or not. */
  countEvent(): void;
  count(reason: RefusalReason): void;
  /** Returns all counts since start. */
  totals(): { readonly events: number; readonly refused: Readonly<Record<string, number>> };
  /** Returns the counts since start without the ordinary ones. */
  unusual(): Record<string, number>;
}

export function createRefusalCounters(): RefusalCounters {
  const counts = new Map<RefusalReason, number>();
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
