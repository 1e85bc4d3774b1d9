import { type Clock, dayMs, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { announcedEverySec, type NostrEvent } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { createCountPresences } from './count-presences.ts';
import type { CrowdSample } from './crowd-estimate.ts';
import type { DiscoveryTraffic } from './discovery-traffic.ts';
import { followedBytes } from './followed-peers.ts';
import { meshLimits } from './limits.ts';
import type { RelayModes } from './relay-modes.ts';
import { createScanNotes } from './scan-notes.ts';
import { createIsNews, createScanRelay, type PresencePage } from './scan-relay.ts';

const { scan: SCAN, sample: SAMPLE, estimate: ESTIMATE } = meshLimits;
/** Factor by which a scan looks further back than agents announce themselves: some are a little late. */
const LATE = 1.2;

export interface ScanOptions {
  readonly intervalMs: number;
  readonly onlineWindowMs: number;
  /** Bytes that all discovery may receive in a day. */
  readonly budgetBytes: number;
}

export interface ScanDeps {
  readonly self: Pubkey;
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly correctedNow: () => UnixMs;
  /** Checks and stores events. Resolves when they are on disk. */
  readonly ingest: (events: readonly NostrEvent[], url: string) => Promise<void>;
}

/** One relay, since it connected. */
interface ScannedRelay {
  /** Our subscription got its EOSE: what is new comes live. */
  isLive: boolean;
  isScanning: boolean;
  /** Its older presences are read after those of another relay: most are the same. */
  isWaiting: boolean;
  /** When the last complete scan began, by the relays' time; null before the first. */
  scannedSec: number | null;
}

/** Scans each relay: reads the presences that subscriptions missed, or takes a sample of them. */
export function createScans(
  { self, network, store, clock, correctedNow, ingest }: ScanDeps,
  options: ScanOptions,
  shared: {
    readonly traffic: DiscoveryTraffic;
    readonly modes: RelayModes;
    /** Relays that answered since they connected. */
    readonly answered: Set<string>;
    readonly counts: ReturnType<typeof createCountPresences>;
    readonly resubscribe: (url: string) => void;
  },
) {
  const { traffic, modes, answered } = shared;
  const relays = new Map<string, ScannedRelay>();
  const isNews = createIsNews({ self, store, correctedNow });
  const scanRelay = createScanRelay({ self, network, isNews, ingest });
  const nowSec = (): number => toUnixSec(correctedNow());
  const windowSec = (): number => nowSec() - options.onlineWindowMs / 1000;
  /** The longest time between two presences of an agent that we saw. */
  let longestEverySec: number = ESTIMATE.fallbackSeconds;
  const sinceSec = (): number => Math.min(windowSec(), nowSec() - Math.ceil(LATE * longestEverySec));
  const notes = createScanNotes({
    network,
    clock,
    sinceSec: windowSec,
    isNews,
    ingest,
    onReceived: traffic.note,
    onWanted: shared.resubscribe,
  });
  /** The relay whose older presences are read now. */
  let walked: string | null = null;
  let turn = 0;
  let isStopped = false;

  function stateOf(url: string): ScannedRelay {
    const relay = relays.get(url) ?? { isLive: false, isScanning: false, isWaiting: false, scannedSec: null };
    relays.set(url, relay);
    return relay;
  }

  function onFirstPage(url: string, page: PresencePage, askedSinceSec: number): void {
    answered.add(url);
    for (const event of page.events) longestEverySec = Math.max(longestEverySec, believedEverySec(event));
    modes.addSample(url, sampleOf(page, askedSinceSec, nowSec()));
  }

  /** Whether to read the older presences of this relay now: of one relay after the other, and only as many as we may keep. */
  function mayWalk(url: string, relay: ScannedRelay): boolean {
    const agents = modes.crowdOf(url)?.onRelay.agents ?? 0;
    if (agents > SAMPLE.listedAgents || !traffic.hasBudget()) return false;
    relay.isWaiting = walked !== null && walked !== url;
    if (!relay.isWaiting) walked = url;
    return !relay.isWaiting;
  }

  /** @param isContinued its newest page was read before, while another relay was walked: it is known, and the rest is not */
  async function scanPresences(url: string, relay: ScannedRelay, isContinued: boolean): Promise<void> {
    const startedSec = nowSec();
    const lastSec = relay.isLive && relay.scannedSec !== null ? relay.scannedSec : null;
    const fromSec = lastSec === null ? sinceSec : () => lastSec - SCAN.overlapSeconds;
    let pages = 0;
    /** What was published just now may still be on its way. */
    const isMissed = (event: NostrEvent): boolean => event.created_at < startedSec - SCAN.underWaySeconds;
    const isComplete = await scanRelay(url, {
      sinceSec: fromSec,
      firstRows: lastSec === null ? SCAN.pageEvents : SCAN.checkedEvents,
      onPage(page) {
        traffic.note(page.bytes, page.events.length);
        if (pages++ === 0) onFirstPage(url, page, fromSec());
      },
      goesOn: ({ news }) =>
        !isStopped && ((isContinued && pages === 1) || news.some(isMissed)) && mayWalk(url, relay),
    });
    if (isComplete && !relay.isWaiting && relays.get(url) === relay) relay.scannedSec = startedSec;
  }

  /** Takes as many of the newest presences as the budget allows. */
  async function sample(url: string): Promise<void> {
    const fromSec = sinceSec();
    await scanRelay(url, {
      sinceSec: () => fromSec,
      firstRows: sampleRows(url),
      onPage(page) {
        traffic.noteSample(page.bytes, page.events.length);
        onFirstPage(url, page, fromSec);
      },
      goesOn: () => false,
    });
    const { everySec = ESTIMATE.fallbackSeconds } = modes.crowdOf(url) ?? {};
    // Those that announced themselves within their interval; of an older presence, the author is gone.
    await shared.counts.count(url, nowSec() - Math.ceil(LATE * everySec));
  }

  /** As many as the budget leaves: what was not planned, such as a first scan, is made up for within hours. */
  function sampleRows(url: string): number {
    const { eventBytes = ESTIMATE.eventBytes } = modes.crowdOf(url) ?? {};
    const unplanned = Math.max(traffic.unplannedPerDay(), followedBytes(store, modes.crowdOf(url)));
    const plannedBytes = (options.budgetBytes * meshLimits.budget.plannedPercent) / 100;
    const followed = Math.max(traffic.followedPerDay(), modes.plannedBytes());
    const leftBytes = plannedBytes - followed - unplanned;
    const rows = Math.floor((leftBytes * options.intervalMs) / dayMs / eventBytes);
    return Math.min(SCAN.pageEvents, Math.max(SAMPLE.leastEvents, rows));
  }

  async function scan(url: string, run: (relay: ScannedRelay) => Promise<void>): Promise<void> {
    const relay = stateOf(url);
    if (relay.isScanning || isStopped) return;
    relay.isScanning = true;
    relay.isWaiting = false;
    await run(relay);
    if (!isStopped && relays.get(url) === relay) await notes.scan(url);
    relay.isScanning = false;
    modes.plan();
    if (walked !== url) return;
    walked = null;
    const next = [...relays].find(([, { isWaiting }]) => isWaiting);
    if (next) scanWhole(next[0], true);
  }

  const scanWhole = (url: string, isContinued = false): void =>
    void scan(url, (relay) => scanPresences(url, relay, isContinued));

  return {
    windowSec,
    sinceSec,
    wantsNotes: notes.areWanted,
    onSubscribed(url: string): void {
      stateOf(url).isLive = true;
      if (modes.modeOf(url) === 'all') scanWhole(url);
    },
    onDisconnected(url: string): void {
      relays.delete(url);
      notes.onDisconnected(url);
      if (walked === url) walked = null;
    },
    /** Scans the relays that we follow as a whole, and takes a sample of one of the others, in turn. */
    scanAll(urls: readonly string[]): void {
      const sampled = urls.filter((url) => modes.modeOf(url) === 'sampled');
      for (const url of urls) if (!sampled.includes(url)) scanWhole(url);
      const url = sampled[turn++ % Math.max(1, sampled.length)];
      if (url && traffic.hasBudget()) void scan(url, () => sample(url));
    },
    stop(): void {
      isStopped = true;
    },
  };
}

/** How often the author of a presence announces itself, as far as we believe it. */
const believedEverySec = (event: NostrEvent): number =>
  Math.min((meshLimits.longestPresenceHours * 3600) / 3, announcedEverySec(event, ESTIMATE.fallbackSeconds));

/** A page that is full ends at its oldest event: that one says only where, and its second began half a second before. */
function sampleOf(
  { events, bytes, isLast }: PresencePage,
  askedSinceSec: number,
  nowSec: number,
): CrowdSample {
  const rows = events.length;
  if (isLast) return { events, bytes, rows, sinceSec: askedSinceSec, nowSec };
  const newestFirst = [...events].sort((a, b) => b.created_at - a.created_at);
  const sinceSec = (newestFirst.at(-1)?.created_at ?? askedSinceSec) - 0.5;
  return { events: newestFirst.slice(0, -1), bytes, rows, sinceSec, nowSec };
}
