import { announcedEverySec, isExpired, type NostrEvent, relayShare } from '@ocmesh/shared/wire';
import { meshLimits } from './limits.ts';

const { samples: KEPT, fallbackSeconds } = meshLimits.estimate;
/** Standard deviations of a confidence of 95 %. */
const CONFIDENCE = 1.96;

/** The shortest time that tells a rate: dates are in seconds, and clocks differ. */
const SHORTEST_SEC = 2;

/** A number of agents, and by how much it may be off, with a confidence of 95 %. */
export interface Estimate {
  readonly agents: number;
  readonly error: number;
}

export type EstimateMethod = 'pages' | 'count';

/** What a relay shows of the agents that announce themselves on it. */
export interface Crowd {
  /** Agents on this relay. */
  readonly onRelay: Estimate;
  /** Agents of the whole mesh: those of a large one announce themselves on some of their relays only. */
  readonly inMesh: Estimate;
  /** Presences a second. */
  readonly perSecond: number;
  /** Bytes of one presence. */
  readonly eventBytes: number;
  /** Seconds between two presences of an agent, the mean. */
  readonly everySec: number;
  /** How the number of agents was found: from the newest page of presences, or the relay's own count (NIP-45). */
  readonly method: EstimateMethod;
}

/** The newest presences of a relay: all of them since a time. */
export interface CrowdSample {
  readonly events: readonly NostrEvent[];
  /** Bytes and number of all events that came with them. */
  readonly bytes: number;
  readonly rows: number;
  readonly sinceSec: number;
  readonly nowSec: number;
}

interface Sample {
  readonly count: number;
  readonly agents: number;
  readonly agentsVariance: number;
  readonly mesh: number;
  readonly meshVariance: number;
  readonly perSecond: number;
  readonly eventBytes: number;
}

/**
 * Estimates how many agents a relay has, from its newest presences. A relay keeps one presence of each agent, so one that
 * announces itself every `i` seconds is among those of the last `w` seconds with the probability `w / i`, and stands for
 * `i / w` agents (Horvitz and Thompson).
 */
export function createCrowdEstimate() {
  let samples: Sample[] = [];

  return {
    add(sample: CrowdSample): void {
      const read = readSample(sample);
      // If it holds all, earlier ones tell no more.
      if (read) samples = [...(read.agentsVariance === 0 ? [] : samples), read].slice(-KEPT);
    },
    current(): Crowd | null {
      const [count, perSecond, eventBytes] = [
        sum(samples, ({ count }) => count),
        mean(samples, ({ perSecond }) => perSecond),
        mean(samples, ({ eventBytes }) => eventBytes),
      ];
      if (samples.length === 0) return null;
      const combine = (of: (sample: Sample) => number, varianceOf: (sample: Sample) => number): Estimate => ({
        agents: Math.round(mean(samples, of)),
        error: Math.round(
          (CONFIDENCE * Math.sqrt(sum(samples, (each) => each.count ** 2 * varianceOf(each)))) /
            Math.max(1, count),
        ),
      });
      const onRelay = combine(
        ({ agents }) => agents,
        ({ agentsVariance }) => agentsVariance,
      );
      const inMesh = combine(
        ({ mesh }) => mesh,
        ({ meshVariance }) => meshVariance,
      );
      const everySec = perSecond > 0 ? onRelay.agents / perSecond : fallbackSeconds;
      return { onRelay, inMesh, perSecond, eventBytes, everySec, method: 'pages' };
    },
  };
}

function readSample({ events, bytes, rows, sinceSec, nowSec }: CrowdSample): Sample | null {
  const windowSec = Math.max(SHORTEST_SEC, nowSec - sinceSec);
  const alive = events.filter(
    (event) => !isExpired(event, nowSec) && nowSec - event.created_at <= aliveSec(event),
  );
  const chances = alive.map((event) => Math.min(1, windowSec / announcedEverySec(event, fallbackSeconds)));
  const shares = alive.map(relayShare);
  const each = chances.map((chance, n) => ({ chance, share: shares[n] as number }));
  return {
    count: Math.max(1, alive.length),
    agents: sum(each, ({ chance }) => 1 / chance),
    agentsVariance: sum(each, ({ chance }) => (1 - chance) / chance ** 2),
    mesh: sum(each, ({ chance, share }) => 1 / (chance * share)),
    meshVariance: sum(each, ({ chance, share }) => (1 - chance * share) / (chance * share) ** 2),
    perSecond: sum(alive, (event) => 1 / Math.min(windowSec, announcedEverySec(event, fallbackSeconds))),
    eventBytes: rows > 0 ? bytes / rows : meshLimits.estimate.eventBytes,
  };
}

/** Age of a presence beyond which its author is gone: it would have announced itself again. */
const aliveSec = (event: NostrEvent): number => 1.2 * announcedEverySec(event, fallbackSeconds);

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

/** Mean of samples, each with the weight of its events. */
const mean = (samples: readonly Sample[], of: (sample: Sample) => number): number =>
  sum(samples, (each) => each.count * of(each)) /
  Math.max(
    1,
    sum(samples, ({ count }) => count),
  );
