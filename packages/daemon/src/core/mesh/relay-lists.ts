import { type Cancel, type Clock, hourMs, type Log } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';
import {
  type Filter,
  isLocalRelay,
  kinds,
  type NostrEvent,
  readRelayList,
  relayListEvent,
} from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { EventHandler } from '../ingest/inspect.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import { isCorrespondent } from '../trust/correspondents.ts';
import { nextCreatedAtSec } from './created-at.ts';
import { meshLimits } from './limits.ts';

/** Changes that come together are told, and asked for, together. */
const GATHER_MS = 2_000;
const AGAIN_MS = meshLimits.relayListHours * hourMs;
const listKinds = [kinds.relayList, kinds.dmRelayList] as const;

/** Newest relay lists of the peers we know (NIP-65, NIP-17). Like a presence: a newer one makes older ones stale. */
export function createRelayListHandler(): EventHandler {
  return {
    remember: false,
    look(event, tables) {
      const list = tables.relayLists.get(event.pubkey, event.kind);
      if (list && event.created_at <= list.createdAtSec) return 'stale';
      return tables.peers.get(event.pubkey) ? 'known' : 'unknown';
    },
    open: (event) => ({
      sortSec: event.created_at,
      sortSeq: 0,
      apply(tables) {
        const known = tables.relayLists.get(event.pubkey, event.kind);
        if (known && event.created_at <= known.createdAtSec) return [];
        // Of a key that we never met it is no news.
        if (!tables.peers.get(event.pubkey)) return [];
        tables.relayLists.put(event.pubkey, event.kind, event.created_at, readRelayList(event));
        return [{ type: 'peer.relays', pubkey: event.pubkey }];
      },
    }),
  };
}

export interface RelayLists {
  /**
   * Where this peer wants its messages, beyond our own relays. Only of contacts and whoever our agent wrote to: who runs a
   * relay learns our address, and a stranger shall not be able to ask for it.
   */
  relaysOf(peer: Pubkey): readonly string[];
  /** This peer's lists are of use now. */
  want(peer: Pubkey): void;
  /** Our relays, or what they can do, changed. */
  onRelaysChanged(): void;
  stop(): void;
}

/** Tells the mesh where we read, and learns where peers do. */
export function createRelayLists(deps: {
  readonly identity: Identity;
  readonly network: RelayNetwork;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly ownRelays: () => readonly string[];
  /** What the relays' clocks show more than ours. */
  readonly relayOffsetMs: () => number;
  readonly ingest: (raw: unknown, url: string) => void;
}): RelayLists {
  const { identity, network, store, clock, log } = deps;
  let wanted = new Set<Pubkey>();
  /** By the clock that never jumps. */
  const askedAt = new Map<Pubkey, number>();
  /** What each relay was told last. */
  const told = new Map<string, string>();
  let ours: { content: string; events: NostrEvent[] } = { content: '', events: [] };
  let cancelAsk: Cancel | null = null;
  let cancelTell: Cancel | null = null;

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

  /** Signed anew only when they changed, and offered to each relay once. */
  function tell(): void {
    cancelTell = null;
    const open = openRelays();
    const urls = deps.ownRelays().filter((url) => !isLocalRelay(url));
    // Messages are of use only where we can read them.
    const dmUrls = urls.filter((url) => open.some((relay) => relay.url === url && relay.carriesDms));
    if (urls.length === 0 || dmUrls.length === 0) return;
    const content = JSON.stringify([urls, dmUrls.slice(0, limits.relay.perPeer)]);
    if (ours.content !== content)
      ours = { content, events: sign(urls, dmUrls.slice(0, limits.relay.perPeer)) };
    for (const { url } of open) if (told.get(url) !== content) void tellRelay(url, content);
  }

  function sign(urls: readonly string[], dmUrls: readonly string[]): NostrEvent[] {
    const last = Number(store.peek((tables) => tables.meta.get('relay_lists_at_sec')) ?? 0);
    const createdAtSec = nextCreatedAtSec(last, clock.now(), deps.relayOffsetMs());
    store
      .transaction((tables) => tables.meta.set('relay_lists_at_sec', String(createdAtSec)))
      .catch((error) =>
        log.warn('the time of our relay list could not be stored', { reason: String(error) }),
      );
    return [
      identity.sign(relayListEvent(kinds.relayList, urls, createdAtSec)),
      identity.sign(relayListEvent(kinds.dmRelayList, dmUrls, createdAtSec)),
    ];
  }

  async function tellRelay(url: string, content: string): Promise<void> {
    told.set(url, content);
    for (const event of ours.events) {
      const { outcome } = await network.publish(url, event);
      if (outcome === 'offline' || outcome === 'timeout') told.delete(url);
    }
  }

  return {
    relaysOf(peer) {
      if (!store.peek((tables) => isCorrespondent(tables, peer))) return [];
      const own = deps.ownRelays();
      const lists = store.peek((tables) => listKinds.map((kind) => tables.relayLists.get(peer, kind)?.urls));
      const [readRelays = [], dmRelays = []] = lists;
      const urls = dmRelays.length > 0 ? dmRelays : readRelays;
      return urls.filter((url) => !own.includes(url)).slice(0, limits.relay.perPeer);
    },
    want(peer) {
      const lastMs = askedAt.get(peer) ?? Number.NEGATIVE_INFINITY;
      if (clock.monotonic() - lastMs < AGAIN_MS || openRelays().length === 0) return;
      if (askedAt.size >= meshLimits.relayListPeers) askedAt.clear();
      askedAt.set(peer, clock.monotonic());
      wanted.add(peer);
      cancelAsk ??= clock.after(GATHER_MS, ask);
    },
    onRelaysChanged() {
      cancelTell ??= clock.after(GATHER_MS, tell);
    },
    stop() {
      cancelAsk?.();
      cancelTell?.();
    },
  };
}
