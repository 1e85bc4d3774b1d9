import { type Cancel, every, type Log } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, kinds, noteFilter, presenceFilter } from '@ocmesh/shared/wire';
import { combineCounts, createCountPresences, withCount } from './count-presences.ts';
import type { Crowd, Estimate, EstimateMethod } from './crowd-estimate.ts';
import { createDiscoveryTraffic, type Traffic } from './discovery-traffic.ts';
import { authorFilters, followedBytes, followedOn, followedPeers } from './followed-peers.ts';
import { meshLimits } from './limits.ts';
import type { DiscoveryMode } from './plan-modes.ts';
import { createRelayModes } from './relay-modes.ts';
import { createScans, type ScanDeps, type ScanOptions } from './scans.ts';

/** How many agents the mesh has, and how that was found. */
interface MeshSize extends Estimate {
  readonly method: EstimateMethod;
}

/** How much discovery costs, and what it sees. */
export interface DiscoveryStatus {
  /** `sampled` if one relay is. */
  readonly mode: DiscoveryMode;
  readonly sampledRelays: readonly string[];
  readonly budgetBytes: number;
  readonly lastHour: Traffic;
  readonly lastDay: Traffic;
  /** Agents of the mesh; null before the first scan. */
  readonly mesh: MeshSize | null;
}

export interface Discovery {
  /** Filters of the permanent subscription, by which newcomers are found at once. What is stored, a scan fetches. */
  filters(url: string): Filter[];
  /** The permanent subscription brought an event. */
  onLive(event: unknown, url: string, bytes: number): void;
  /** Something else that discovery asked for was received. */
  onReceived(bytes: number, events: number): void;
  /** The subscription for presences got its EOSE on this relay. */
  onSubscribed(url: string): void;
  onDisconnected(url: string): void;
  /** Whether a relay has answered our subscription or a scan since it connected. */
  isAnsweredBy(url: string): boolean;
  /** Returns how far back to look for agents that may be online. */
  lookBackMs(): number;
  crowdOf(url: string): Crowd | null;
  /** Returns the number of agents of the mesh; null before the first scan. */
  mesh(): MeshSize | null;
  status(): DiscoveryStatus;
  start(): void;
  stop(): void;
}

export interface DiscoverDeps extends ScanDeps {
  readonly log: Log;
}

/**
 * Finds other agents. On a relay whose presences are within the budget, a permanent subscription shows who announces itself, and a
 * scan at regular intervals finds what it missed. Of a relay with more, we follow the peers that matter to us, and scans take
 * samples of the others.
 */
export function createDiscovery(deps: DiscoverDeps, options: ScanOptions): Discovery {
  const { self, network, store, clock, log } = deps;
  const traffic = createDiscoveryTraffic(clock, options.budgetBytes);
  const answered = new Set<string>();
  /** The authors that each sampled relay was asked for. */
  const asked = new Map<string, string>();
  const resubscribe = (url: string): void => network.resubscribe(url, 'presence');
  const modes = createRelayModes({ network, clock, log, onChanged: resubscribe }, options);
  const counts = createCountPresences({ network, clock, onReceived: traffic.note });
  const scans = createScans(deps, options, { traffic, modes, answered, counts, resubscribe });
  let cancel: Cancel = () => {};

  const openRelays = (): string[] =>
    network.relays().flatMap(({ url, open, role }) => (open && role === 'own' ? [url] : []));
  function authorsOn(url: string): Pubkey[] {
    const most = (options.budgetBytes * meshLimits.followed.budgetPercent) / 100;
    const copies = followedBytes(store, modes.crowdOf(url)) > most ? 1 : meshLimits.followed.copies;
    return [self, ...followedOn(url, followedPeers(store), openRelays(), copies)];
  }

  /** Subscribes again where the peers that matter to us are others now. */
  function followChanges(): void {
    for (const url of openRelays()) {
      if (modes.modeOf(url) === 'sampled' && asked.get(url) !== authorsOn(url).join()) resubscribe(url);
    }
  }

  function crowdOf(url: string): Crowd | null {
    const crowd = modes.crowdOf(url);
    return crowd && withCount(crowd, counts.of(url));
  }

  function mesh(): MeshSize | null {
    const pages = openRelays().flatMap((url) => {
      const crowd = modes.crowdOf(url);
      return crowd ? [{ crowd, counted: counts.of(url) }] : [];
    });
    const combined = combineCounts(pages);
    if (combined) return { ...combined, method: 'count' };
    const sizes = pages.map(({ crowd, counted }): MeshSize => {
      const { inMesh, method } = withCount(crowd, counted);
      return { ...inMesh, method };
    });
    return sizes.reduce<MeshSize | null>(
      (most, each) => (most && most.agents >= each.agents ? most : each),
      null,
    );
  }

  return {
    filters(url) {
      if (modes.modeOf(url) === 'all') {
        const range = { since: scans.windowSec(), limit: 1 };
        return [presenceFilter(range), ...(scans.wantsNotes(url) ? [noteFilter(range)] : [])];
      }
      const authors = authorsOn(url);
      asked.set(url, authors.join());
      return authorFilters(authors, scans.sinceSec());
    },
    onLive(event, url, bytes) {
      const { kind } = (event ?? {}) as { kind?: unknown };
      const isPresence = kind === kinds.presence || kind === kinds.note;
      const isPlanned = isPresence && modes.modeOf(url) === 'all';
      if (isPresence || kind === kinds.ephemeralWrap) traffic.noteLive(bytes, isPlanned);
      if (isPresence) modes.noteLive(url, bytes);
    },
    onReceived: traffic.note,
    onSubscribed(url) {
      answered.add(url);
      scans.onSubscribed(url);
    },
    onDisconnected(url) {
      answered.delete(url);
      scans.onDisconnected(url);
    },
    isAnsweredBy: (url) => answered.has(url),
    lookBackMs: () => deps.correctedNow() - scans.sinceSec() * 1000,
    crowdOf,
    mesh,
    status() {
      const sampledRelays = openRelays().filter((url) => modes.modeOf(url) === 'sampled');
      return {
        mode: sampledRelays.length > 0 ? 'sampled' : 'all',
        sampledRelays,
        budgetBytes: options.budgetBytes,
        lastHour: traffic.lastHour(),
        lastDay: traffic.lastDay(),
        mesh: mesh(),
      };
    },
    start() {
      cancel = every(clock, options.intervalMs, () => {
        // Repeated at each scan: people follow the log to see that the mesh is up.
        for (const url of openRelays()) log.info(`relay connected to ${url}`);
        modes.plan();
        followChanges();
        scans.scanAll(openRelays());
      });
    },
    stop() {
      cancel();
      scans.stop();
    },
  };
}
