import {
  type Cancel,
  type Clock,
  every,
  hourMs,
  type Log,
  type MonotonicMs,
  minuteMs,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, type NostrEvent, noteFilter, parseEvent, presenceFilter } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { meshLimits } from './limits.ts';
import { createIsNews, createScanRelay } from './scan-relay.ts';

export interface DiscoverOptions {
  readonly intervalMs: number;
  readonly onlineWindowMs: number;
}

export interface Discovery {
  /** Filters of the permanent subscription, by which newcomers are found at once. What is stored, a scan fetches. */
  filters(url: string): Filter[];
  /** The subscription for presences got its EOSE on this relay. */
  onSubscribed(url: string): void;
  onDisconnected(url: string): void;
  /** Whether a relay has answered our subscription or a scan since it connected. */
  isAnsweredBy(url: string): boolean;
  start(): void;
  stop(): void;
}

/** One relay, since it connected. */
interface OneRelay {
  isAnswered: boolean;
  /** Our subscription got its EOSE: what is new comes live. */
  isLive: boolean;
  isScanning: boolean;
  /** When the last complete scan began, by the relays' time; null before the first. */
  scannedSec: number | null;
  /** When we last looked at notes. */
  notesAt: MonotonicMs | null;
  /** Until when we subscribe to notes. */
  notesWantedUntil: MonotonicMs;
}

/**
 * Finds other agents: a permanent subscription shows who announces itself, a scan who did so before, and again at regular
 * intervals, because a subscription can die unnoticed.
 */
export function createDiscovery(
  deps: {
    readonly self: Pubkey;
    readonly network: RelayNetwork;
    readonly store: Store;
    readonly clock: Clock;
    readonly correctedNow: () => UnixMs;
    readonly log: Log;
    /** Checks and stores events. Resolves when they are on disk. */
    readonly ingest: (events: readonly NostrEvent[], url: string) => Promise<void>;
  },
  options: DiscoverOptions,
): Discovery {
  const { self, network, clock, correctedNow, log, ingest } = deps;
  const { scan: limits, notes } = meshLimits;
  const relays = new Map<string, OneRelay>();
  const isNews = createIsNews(deps);
  const scanRelay = createScanRelay({
    self,
    network,
    isNews,
    ingest,
    onPage: (url) => void markAnswered(url),
  });
  let cancel: Cancel = () => {};
  let isStopped = false;

  function stateOf(url: string): OneRelay {
    const known = relays.get(url);
    if (known) return known;
    const relay: OneRelay = {
      isAnswered: false,
      isLive: false,
      isScanning: false,
      scannedSec: null,
      notesAt: null,
      notesWantedUntil: 0,
    };
    relays.set(url, relay);
    return relay;
  }

  const markAnswered = (url: string): void => {
    stateOf(url).isAnswered = true;
  };
  const wantsNotes = (relay: OneRelay): boolean => clock.monotonic() < relay.notesWantedUntil;
  const nowSec = (): number => toUnixSec(correctedNow());
  const windowSec = (): number => nowSec() - options.onlineWindowMs / 1000;

  async function scan(url: string): Promise<void> {
    const relay = stateOf(url);
    if (relay.isScanning || isStopped) return;
    relay.isScanning = true;
    await scanPresences(url, relay);
    await scanNotes(url, relay);
    relay.isScanning = false;
  }

  async function scanPresences(url: string, relay: OneRelay): Promise<void> {
    const startedSec = nowSec();
    const lastSec = relay.isLive && relay.scannedSec !== null ? relay.scannedSec : null;
    const isComplete = await scanRelay(url, {
      sinceSec: lastSec === null ? windowSec() : lastSec - limits.overlapSeconds,
      firstRows: lastSec === null ? limits.pageEvents : limits.checkedEvents,
      goesOn: ({ news }) => news.length > 0 && !isStopped,
    });
    if (isComplete && relays.get(url) === relay) relay.scannedSec = startedSec;
  }

  /**
   * Looks for agents that announce themselves in notes only. Most announce themselves in both kinds at once, so that a note
   * is news only if it is by such an agent: then we subscribe to notes on this relay, too.
   */
  async function scanNotes(url: string, relay: OneRelay): Promise<void> {
    const isDue =
      relay.notesAt === null || clock.monotonic() - relay.notesAt >= notes.everyMinutes * minuteMs;
    if (!isDue || isStopped || relays.get(url) !== relay) return;
    const limit = relay.notesAt === null ? notes.firstEvents : notes.events;
    relay.notesAt = clock.monotonic();
    const { events: raws } = await network.query(url, [noteFilter({ since: windowSec(), limit })]);
    const news = raws.flatMap((raw) => parseEvent(raw) ?? []).filter(isNews);
    if (news.length === 0 || isStopped) return;
    await ingest(news, url);
    const wasWanted = wantsNotes(relay);
    relay.notesWantedUntil = clock.monotonic() + notes.wantedHours * hourMs;
    if (!wasWanted) network.resubscribe(url, 'presence');
  }

  return {
    filters(url) {
      const range = { since: windowSec(), limit: 1 };
      return [presenceFilter(range), ...(wantsNotes(stateOf(url)) ? [noteFilter(range)] : [])];
    },
    onSubscribed(url) {
      const relay = stateOf(url);
      relay.isAnswered = true;
      relay.isLive = true;
      void scan(url);
    },
    onDisconnected: (url) => void relays.delete(url),
    isAnsweredBy: (url) => relays.get(url)?.isAnswered === true,
    start() {
      cancel = every(clock, options.intervalMs, () => {
        for (const { url, open, role } of network.relays()) {
          if (!open || role !== 'own') continue;
          // Repeated at each scan: people follow the log to see that the mesh is up.
          log.info(`relay connected to ${url}`);
          void scan(url);
        }
      });
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
