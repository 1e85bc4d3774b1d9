import {
  type CallContext,
  type Handlers,
  limits,
  OcmeshError,
  type PeerDetails,
  type Pubkey,
} from '@ocmesh/shared/contract';
import { checkKey } from '../identity/check-key.ts';
import { parseProfile } from '../identity/public-key-text.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { newPeer } from '../model/peer.ts';
import { findPeer } from '../peers/find-peer.ts';
import type { Tables } from '../ports/store.ts';
import { gatherFacts, reachabilityOf } from '../status/reachability.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';
import { presentPeer, presentReachability } from './present.ts';
import { createSearchPeers } from './search-peers.ts';

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
    | 'lookUpPeer'
    | 'pingPeer'
  >,
  options: HandlerOptions,
): Pick<Handlers, 'listPeers' | 'getPeer' | 'addPeer'> {
  const { identity, store, clock, cursors, emit, loopGuard, lookUpPeer } = deps;
  const { onlineWindowMs } = options;
  const showPeer = createPeerView(deps, options);
  const search = createSearchPeers(deps, options);

  return {
    async listPeers({ can, ...input }) {
      if (can !== undefined) return search({ can, ...input });
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
