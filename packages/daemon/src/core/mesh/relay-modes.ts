import {
  type Clock,
  createTokenBucket,
  dayMs,
  type Log,
  type MonotonicMs,
  minuteMs,
  type TokenBucket,
} from '@ocmesh/shared/ambient';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { type Crowd, type CrowdSample, createCrowdEstimate } from './crowd-estimate.ts';
import { meshLimits } from './limits.ts';
import { type DiscoveryMode, planModes } from './plan-modes.ts';

const { allPercent, burstFraction, floodMinutes } = meshLimits.budget;
const DAY_SEC = dayMs / 1000;

/** How each of our relays is followed, and what we know about the agents on it. Kept over reconnects. */
export interface RelayModes {
  modeOf(url: string): DiscoveryMode;
  crowdOf(url: string): Crowd | null;
  addSample(url: string, sample: CrowdSample): void;
  /** Counts what the subscription brought. A relay that sends far more than expected is only sampled from now on. */
  noteLive(url: string, bytes: number): void;
  /** Decides anew. Calls `onChanged` for each relay whose mode is another one then. */
  plan(): void;
  /** Bytes a day of the relays that are followed as a whole. */
  plannedBytes(): number;
}

interface OneRelay {
  mode: DiscoveryMode;
  readonly crowd: ReturnType<typeof createCrowdEstimate>;
  readonly live: TokenBucket;
  floodedUntil: MonotonicMs;
}

export function createRelayModes(
  deps: {
    readonly network: RelayNetwork;
    readonly clock: Clock;
    readonly log: Log;
    readonly onChanged: (url: string) => void;
  },
  { budgetBytes }: { readonly budgetBytes: number },
): RelayModes {
  const { network, clock, log, onChanged } = deps;
  const relays = new Map<string, OneRelay>();

  function stateOf(url: string): OneRelay {
    const known = relays.get(url);
    if (known) return known;
    const allowed = (budgetBytes * allPercent) / 100;
    const relay: OneRelay = {
      mode: 'all',
      crowd: createCrowdEstimate(),
      live: createTokenBucket(clock, { burst: allowed / burstFraction, perSecond: allowed / DAY_SEC }),
      floodedUntil: Number.NEGATIVE_INFINITY,
    };
    relays.set(url, relay);
    return relay;
  }

  function costOf(url: string): number {
    const { crowd, floodedUntil } = stateOf(url);
    if (clock.monotonic() < floodedUntil) return Number.POSITIVE_INFINITY;
    const { perSecond = 0, eventBytes = 0 } = crowd.current() ?? {};
    return perSecond * eventBytes * DAY_SEC;
  }

  const openRelays = (): string[] =>
    network.relays().flatMap(({ url, open, role }) => (open && role === 'own' ? [url] : []));

  function plan(): void {
    const costs = openRelays().map((url) => ({ url, mode: stateOf(url).mode, bytesPerDay: costOf(url) }));
    for (const [url, mode] of planModes(costs, budgetBytes)) {
      const relay = stateOf(url);
      if (relay.mode === mode) continue;
      relay.mode = mode;
      const agents = relay.crowd.current()?.onRelay.agents ?? null;
      log.info(mode === 'all' ? 'discovery follows all agents of a relay' : 'discovery samples a relay', {
        relay: url,
        agents,
      });
      onChanged(url);
    }
  }

  return {
    modeOf: (url) => stateOf(url).mode,
    crowdOf: (url) => stateOf(url).crowd.current(),
    addSample: (url, sample) => stateOf(url).crowd.add(sample),
    noteLive(url, bytes) {
      const relay = stateOf(url);
      if (relay.live.spend(bytes) >= 0 || relay.mode === 'sampled') return;
      relay.floodedUntil = clock.monotonic() + floodMinutes * minuteMs;
      plan();
    },
    plan,
    plannedBytes: () =>
      openRelays()
        .filter((url) => stateOf(url).mode === 'all')
        .reduce((sum, url) => sum + costOf(url), 0),
  };
}
