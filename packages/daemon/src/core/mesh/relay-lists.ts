import {
  type Cancel,
  type Clock,
  hourMs,
  type Log,
  type MonotonicMs,
  minuteMs,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import {
  type Filter,
  hasQuery,
  isLocalRelay,
  kinds,
  type NostrEvent,
  readRelayList,
  relayListEvent,
} from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { EventHandler } from '../ingest/inspect.ts';
import { accept, refuse } from '../model/verdict.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store, Tables } from '../ports/store.ts';
import { isCorrespondent } from '../trust/correspondents.ts';
import { checkAs } from '../trust/verification-rates.ts';
import { nextCreatedAtSec } from './created-at.ts';
import { meshLimits } from './limits.ts';

/** How long changes and requests are gathered, to be published or asked for at once. */
const GATHER_MS = 2_000;
const ASK_AGAIN_MS = meshLimits.relayListHours * hourMs;
const ASK_SOON_MS = meshLimits.relayListSilentMinutes * minuteMs;
const listKinds = [kinds.relayList, kinds.dmRelayList] as const;

const isOwner = ({ owner }: Tables, pubkey: Pubkey): boolean => owner.get()?.pubkey === pubkey;

/** Keeps the newest relay lists of the peers we know, and of the owner's phone (NIP-65, NIP-17). Like a presence, a newer one makes older ones stale. */
export function createRelayListHandler(): EventHandler {
  return {
    remember: false,
    classify(event, tables) {
      const list = tables.relayLists.get(event.pubkey, event.kind);
      if (list && event.created_at <= list.createdAtSec) return refuse('stale');
      return tables.peers.get(event.pubkey) ? checkAs.knownPeer : checkAs.newPeer;
    },
    open: (event) =>
      accept({
        sortSec: event.created_at,
        sortSeq: 0,
        apply(tables) {
          const known = tables.relayLists.get(event.pubkey, event.kind);
          if (known && event.created_at <= known.createdAtSec) return accept([]);
          // We keep no lists of keys that we never met.
          if (!tables.peers.get(event.pubkey) && !isOwner(tables, event.pubkey)) return accept([]);
          tables.relayLists.put(event.pubkey, event.kind, event.created_at, readRelayList(event));
          return accept([{ type: 'peer.relays', pubkey: event.pubkey }]);
        },
      }),
  };
}

export interface RelayLists {
  /**
   * Returns the relays on which this peer reads messages, and those the owner named for it, without our own ones. Of
   * strangers our agent has not written to, only the latter: a relay's operator learns our address, so a stranger could
   * use its own relay to find it.
   */
  relaysOf(peer: Pubkey): readonly string[];
  /** Asks for this peer's lists, unless that happened lately. */
  want(peer: Pubkey): void;
  /** Asks for them sooner: the peer does not confirm messages, and may use other relays now. */
  wantSoon(peer: Pubkey): void;
  /** Our relays, or what they can do, changed. */
  onRelaysChanged(): void;
  stop(): void;
}

/** Publishes our relay lists, and asks for those of peers. */
export function createRelayLists(deps: {
  readonly identity: Identity;
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly ownRelays: () => readonly string[];
  /** Returns those of these relays on which we announce ourselves. */
  readonly announcedOn: (urls: readonly string[]) => readonly string[];
  /** The date to sign events with: that of the relays while our clock is wrong. */
  readonly correctedNow: () => UnixMs;
  /** How far the relays' clocks are ahead of that. */
  readonly relayOffsetMs: () => number;
  readonly ingest: (raw: unknown, url: string) => void;
}): RelayLists {
  const { identity, network, store, clock, log } = deps;
  let wanted = new Set<Pubkey>();
  const askedAt = new Map<Pubkey, MonotonicMs>();
  /** The content that each relay got last. */
  const published = new Map<string, string>();
  let ours: { content: string; events: NostrEvent[] } = { content: '', events: [] };
  let cancelAsk: Cancel | null = null;
  let cancelPublish: Cancel | null = null;

  const openRelays = () => network.relays().filter(({ role, open }) => role === 'own' && open);

  function ask(): void {
    cancelAsk = null;
    const authors = [...wanted].slice(0, meshLimits.relayListBatch);
    wanted = new Set([...wanted].slice(meshLimits.relayListBatch));
    if (wanted.size > 0) cancelAsk = clock.after(GATHER_MS, ask);
    const filter: Filter = { kinds: [...listKinds], authors };
    for (const { url } of openRelays()) void askRelay(url, filter);
  }

  async function askRelay(url: string, filter: Filter): Promise<void> {
    const { events } = await network.query(url, [filter]);
    for (const event of events) deps.ingest(event, url);
  }

  function want(peer: Pubkey, pauseMs: number): void {
    const lastAt = askedAt.get(peer) ?? Number.NEGATIVE_INFINITY;
    if (clock.monotonic() - lastAt < pauseMs || openRelays().length === 0) return;
    if (askedAt.size >= meshLimits.relayListPeers) askedAt.clear();
    askedAt.set(peer, clock.monotonic());
    wanted.add(peer);
    cancelAsk ??= clock.after(GATHER_MS, ask);
  }

  /** Signs new lists only if they changed, and publishes them once on each relay. */
  function publish(): void {
    cancelPublish = null;
    const open = openRelays();
    const urls = deps.ownRelays().filter((url) => !isLocalRelay(url) && !hasQuery(url));
    // Messages have to go where we can read them.
    const dmUrls = urls
      .filter((url) => open.some((relay) => relay.url === url && relay.carriesDms))
      .slice(0, limits.relay.perPeer);
    if (dmUrls.length === 0) return;
    const announcedOn = deps.announcedOn(open.map(({ url }) => url));
    const readUrls = open.map(({ url }) => url).filter((url) => !announcedOn.includes(url));
    const content = JSON.stringify([urls, dmUrls, readUrls]);
    if (ours.content !== content) ours = { content, events: sign(urls, dmUrls, readUrls) };
    for (const { url } of open) if (published.get(url) !== content) void publishOn(url, content);
  }

  /** @param readUrls those on which we do not announce ourselves */
  function sign(
    urls: readonly string[],
    dmUrls: readonly string[],
    readUrls: readonly string[],
  ): NostrEvent[] {
    const last = Number(store.peek((tables) => tables.meta.get('relay_lists_at_sec')) ?? 0);
    const createdAtSec = nextCreatedAtSec(last, deps.correctedNow(), deps.relayOffsetMs());
    store
      .transaction((tables) => tables.meta.set('relay_lists_at_sec', String(createdAtSec)))
      .catch((error) =>
        log.warn('the time of our relay list could not be stored', { reason: String(error) }),
      );
    return [
      identity.sign(
        relayListEvent(
          kinds.relayList,
          urls,
          createdAtSec,
          urls.filter((url) => !readUrls.includes(url)),
        ),
      ),
      identity.sign(relayListEvent(kinds.dmRelayList, dmUrls, createdAtSec)),
    ];
  }

  async function publishOn(url: string, content: string): Promise<void> {
    published.set(url, content);
    for (const event of ours.events) {
      const { outcome } = await network.publish(url, event);
      if (outcome === 'not_connected' || outcome === 'timeout') published.delete(url);
    }
  }

  return {
    relaysOf(peer) {
      const own = deps.ownRelays();
      const { listed, named } = store.peek((tables) => ({
        listed:
          isCorrespondent(tables, peer) || isOwner(tables, peer)
            ? listKinds.map((kind) => tables.relayLists.get(peer, kind)?.urls)
            : [],
        named: tables.relayLists.hints(peer),
      }));
      const [readRelays = [], dmRelays = []] = listed;
      const urls = dmRelays.length > 0 ? dmRelays : readRelays;
      return [...new Set([...urls.slice(0, limits.relay.perPeer), ...named])].filter(
        (url) => !own.includes(url),
      );
    },
    want: (peer) => want(peer, ASK_AGAIN_MS),
    wantSoon: (peer) => want(peer, ASK_SOON_MS),
    onRelaysChanged() {
      cancelPublish ??= clock.after(GATHER_MS, publish);
    },
    stop() {
      cancelAsk?.();
      cancelPublish?.();
    },
  };
}
