import {
  type CallContext,
  type Handlers,
  type Input,
  isSlug,
  limits,
  OcmeshError,
  type Output,
  type PeerDetails,
  type Pubkey,
} from '@ocmesh/shared/contract';
import { toNameLabel } from '@ocmesh/shared/wire';
import { checkKey } from '../identity/check-key.ts';
import { parseProfile } from '../identity/public-key-text.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { newPeer } from '../model/peer.ts';
import { findPeer } from '../peers/find-peer.ts';
import type { Tables } from '../ports/store.ts';
import { gatherFacts, reachabilityOf } from '../status/reachability.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';
import { presentAsked, presentPeer, presentReachability } from './present.ts';
import { createSearchPeers } from './search-peers.ts';

/** What `GET /peers` takes, without a search for abilities. */
type List = Omit<Input<'listPeers'>, 'can'>;

/** Peers with a name that are enough: people rarely look for one among more. */
const ENOUGH = limits.http.foundPeers;

/** The last sign of life of a peer that never gave one: long ago, so that it is offline. */
const NEVER_SEEN_MS = 0;

/** Returns a function that shows one peer with everything we know about it. */
export function createPeerView(
  {
    store,
    network,
    clock,
    confirmedDate,
    loopGuard,
  }: Pick<HandlerDeps, 'store' | 'network' | 'clock' | 'confirmedDate' | 'loopGuard'>,
  { onlineWindowMs }: HandlerOptions,
): (pubkey: Pubkey) => Promise<PeerDetails> {
  return (pubkey) =>
    store.read((tables) => {
      const peer = tables.peers.get(pubkey);
      if (!peer) throw new OcmeshError('peer_unknown');
      const nowMs = clock.now();
      const facts = gatherFacts(tables, peer, network.relays(), { nowMs, onlineWindowMs });
      return {
        ...presentPeer(tables, peer, { nowMs, shownAtMs: confirmedDate(), onlineWindowMs, loopGuard }),
        reachability: presentReachability(reachabilityOf(facts)),
      };
    });
}

export function createPeerHandlers(
  deps: Pick<
    HandlerDeps,
    | 'identity'
    | 'store'
    | 'network'
    | 'clock'
    | 'confirmedDate'
    | 'cursors'
    | 'emit'
    | 'loopGuard'
    | 'askRelays'
    | 'discovery'
    | 'lookUpPeer'
    | 'pingPeer'
  >,
  options: HandlerOptions,
): Pick<Handlers, 'listPeers' | 'getPeer' | 'addPeer'> {
  const { identity, store, clock, cursors, emit, loopGuard, lookUpPeer, askRelays, discovery } = deps;
  const { onlineWindowMs } = options;
  const showPeer = createPeerView(deps, options);
  const search = createSearchPeers(deps, options);

  async function list(input: List): Promise<Output<'listPeers'>> {
    const { online, cursor, limit = limits.http.pageRows, ...filter } = input;
    const nowMs = clock.now();
    const context = { nowMs, shownAtMs: deps.confirmedDate(), onlineWindowMs, loopGuard };
    return store.read((tables) => {
      // One row more than asked for shows whether there is a next page.
      const rows = tables.peers.list({
        ...filter,
        limit: limit + 1,
        ...(online === undefined ? {} : { online: { is: online, nowMs, windowMs: onlineWindowMs } }),
        ...(cursor === undefined ? {} : { after: afterOf(cursors.readPage(cursor)) }),
      });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map((peer) => presentPeer(tables, peer, context)),
        next_cursor:
          rows.length > limit && last ? cursors.showPage(`${last.lastSeenMs}-${last.pubkey}`) : null,
      };
    });
  }

  /** In a large mesh most agents are not known here: if too few have this name, alias or key, the relays are asked. */
  async function listByName(input: List): Promise<Output<'listPeers'>> {
    const page = await list(input);
    const isEnough = page.items.length >= Math.min(input.limit ?? ENOUGH, ENOUGH);
    if (input.q === undefined || input.cursor !== undefined || isEnough) return page;
    if (discovery.status().mode === 'all') return page;
    await lookUpPeer(input.q);
    const label = toNameLabel(input.q);
    const answers = await askRelays.question(isSlug(label) ? [label] : [], input.q);
    return { ...(await list(input)), ...presentAsked(answers) };
  }

  return {
    async listPeers({ can, ...input }) {
      if (can !== undefined) return search({ can, ...input });
      return listByName(input);
    },

    async getPeer({ pubkey }) {
      await lookUpPeer(pubkey);
      const key = store.peek((tables) => findPeer(tables, pubkey));
      await deps.pingPeer(key);
      return showPeer(key);
    },

    async addPeer(input, context) {
      const { pubkey, relays } = parseProfile(input.pubkey);
      if (pubkey === identity.pubkey) {
        throw new OcmeshError('invalid_pubkey', { message: "This is this agent's own key." });
      }
      checkKey(identity, pubkey);
      const events = await store.transaction((tables): DomainEvent[] => {
        const known = tables.peers.get(pubkey);
        const before = known ?? newPeer(pubkey, clock.now(), NEVER_SEEN_MS);
        const peer = { ...before, alias: input.alias ?? before.alias };
        if (peer.alias !== known?.alias) tables.peers.put(peer);
        return [
          ...rememberRelays(tables, { pubkey, relays }, context),
          ...(known ? [] : [{ type: 'peer.discovered', peer } as const]),
        ];
      });
      emit(events);
      return showPeer(pubkey);
    },
  };
}

/**
 * Remembers the relays of an `nprofile` for its peer. Only from the owner: somebody who made it up for an agent could learn our
 * address at its own relay.
 */
export function rememberRelays(
  tables: Tables,
  { pubkey, relays }: ReturnType<typeof parseProfile>,
  context: CallContext | undefined,
): DomainEvent[] {
  if (!context?.owner || relays.length === 0) return [];
  tables.relayLists.setHints(pubkey, relays);
  return [{ type: 'peer.relays', pubkey }];
}

const afterOf = ([lastSeen, pubkey = '']: readonly string[]): { lastSeenMs: number; pubkey: string } => ({
  lastSeenMs: Number(lastSeen),
  pubkey,
});
