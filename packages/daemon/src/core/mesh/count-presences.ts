import { type Clock, hourMs, type MonotonicMs, minuteMs } from '@ocmesh/shared/ambient';
import { presenceFilter } from '@ocmesh/shared/wire';
import type { CountResult, RelayNetwork } from '../ports/relay-network.ts';
import type { Crowd, Estimate } from './crowd-estimate.ts';
import { estimateDistinct, mergeRegisters } from './hyperloglog.ts';
import { meshLimits } from './limits.ts';

const { everyMinutes, validMinutes, refusedHours, errorPercent, trustedPercent, answerBytes } =
  meshLimits.count;
const COUNT_NIP = 45;

/** Asks relays how many agents they have, where they can say that without sending them (NIP-45). */
export function createCountPresences(deps: {
  readonly network: RelayNetwork;
  readonly clock: Clock;
  readonly onReceived: (bytes: number, events: number) => void;
}) {
  const { network, clock } = deps;
  const counted = new Map<string, CountResult & { readonly at: MonotonicMs }>();
  const dueAt = new Map<string, MonotonicMs>();

  /** Whether the relay knows COUNT, has not refused it, and it is time again. */
  function isDue(url: string): boolean {
    const info = network.relays().find((relay) => relay.url === url)?.info;
    const isKnown = info?.supportedNips.includes(COUNT_NIP) ?? false;
    return isKnown && clock.monotonic() >= (dueAt.get(url) ?? Number.NEGATIVE_INFINITY);
  }

  return {
    async count(url: string, sinceSec: number): Promise<void> {
      if (!isDue(url)) return;
      dueAt.set(url, clock.monotonic() + everyMinutes * minuteMs);
      const result = await network.count(url, presenceFilter({ since: sinceSec }));
      if (!result) {
        dueAt.set(url, clock.monotonic() + refusedHours * hourMs);
        counted.delete(url);
        return;
      }
      deps.onReceived(result.registers ? answerBytes : answerBytes / 10, 0);
      counted.set(url, { ...result, at: clock.monotonic() });
    },
    /** Returns what the relay said lately; null without an answer. */
    of(url: string): CountResult | null {
      const result = counted.get(url);
      return result && clock.monotonic() - result.at < validMinutes * minuteMs ? result : null;
    },
  };
}

/** Whether a number fits what a page of presences showed: a relay may say anything. */
function fits(agents: number, seen: Estimate): boolean {
  return Math.abs(agents - seen.agents) <= Math.max(2 * seen.error, (seen.agents * trustedPercent) / 100);
}

const withError = (agents: number, isExact: boolean): Estimate => ({
  agents,
  error: isExact ? 0 : Math.round((agents * errorPercent) / 100),
});

/** Returns what a page showed of a relay's agents, with their number as the relay counted it, if that is plausible. */
export function withCount(crowd: Crowd, counted: CountResult | null): Crowd {
  if (!counted || !fits(counted.count, crowd.onRelay)) return crowd;
  const onRelay = withError(counted.count, !counted.isApproximate);
  const share = crowd.inMesh.agents / Math.max(1, crowd.onRelay.agents);
  const spread = (crowd.inMesh.error * counted.count) / Math.max(1, crowd.onRelay.agents);
  const isWhole = share === 1;
  const inMesh = {
    agents: Math.round(share * counted.count),
    error: isWhole ? onRelay.error : Math.round(spread),
  };
  return { ...crowd, onRelay, inMesh, method: 'count' };
}

/**
 * Returns how many agents several relays have together, each counted once; null if fewer than two sent registers that fit what
 * their pages showed.
 */
export function combineCounts(
  relays: readonly { readonly crowd: Crowd; readonly counted: CountResult | null }[],
): Estimate | null {
  const registers = relays.flatMap(({ crowd, counted }) =>
    counted?.registers && fits(estimateDistinct(counted.registers), crowd.onRelay) ? [counted.registers] : [],
  );
  if (registers.length < 2) return null;
  return withError(estimateDistinct(registers.reduce(mergeRegisters)), false);
}
