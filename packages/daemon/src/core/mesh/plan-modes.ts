import { meshLimits } from './limits.ts';

/** How we learn who announces itself on a relay: from all presences, or from samples and those of peers that matter to us. */
export type DiscoveryMode = 'all' | 'sampled';

export interface RelayCost {
  readonly url: string;
  /** The mode now; null for a relay that was just connected. */
  readonly mode: DiscoveryMode | null;
  /** Bytes a day of all its presences; infinite if it sends too much. */
  readonly bytesPerDay: number;
}

/**
 * Decides which relays we follow as a whole: as many as the budget allows, in the order of our list, which is the same for most
 * agents, so that they find each other at once. A relay changes only if the cost clearly calls for it.
 */
export function planModes(relays: readonly RelayCost[], budgetBytes: number): Map<string, DiscoveryMode> {
  const { allPercent, hysteresisPercent } = meshLimits.budget;
  const allowed = (budgetBytes * allPercent) / 100;
  let used = 0;
  return new Map(
    relays.map(({ url, mode, bytesPerDay }) => {
      const most = mode === 'sampled' ? (allowed * hysteresisPercent) / 100 : allowed;
      const isWithin = used + bytesPerDay <= most;
      if (isWithin) used += bytesPerDay;
      return [url, isWithin ? 'all' : 'sampled'];
    }),
  );
}
