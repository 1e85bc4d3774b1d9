import { type ConfirmedMs, toIso, type UnixMs } from '@ocmesh/shared/ambient';
import { type Handlers, OcmeshError, type Pubkey, type Request } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import { hasEnded } from '../model/message.ts';
import type { PeerRecord } from '../model/peer.ts';
import { findProfile } from '../peers/find-peer.ts';
import type { Tables } from '../ports/store.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';
import { createPeerView, rememberRelays } from './peers.ts';
import { presentPeer } from './present.ts';

/** Handlers for the owner's decisions: contacts, blocked peers, requests and the policy. */
export function createTrustHandlers(
  deps: Pick<
    HandlerDeps,
    | 'store'
    | 'network'
    | 'clock'
    | 'toDate'
    | 'confirmedDate'
    | 'policies'
    | 'loopGuard'
    | 'heldMessages'
    | 'emit'
    | 'wakeReceipts'
    | 'lookUpPeer'
  >,
  options: HandlerOptions,
): Pick<
  Handlers,
  'updatePeer' | 'resumePeer' | 'listRequests' | 'answerRequest' | 'getPolicy' | 'setPolicy'
> {
  const { store, clock, toDate, confirmedDate, policies, loopGuard, heldMessages, emit, wakeReceipts } = deps;
  const showPeer = createPeerView(deps, options);
  const profileOf = (text: string) => store.peek((tables) => findProfile(tables, text));

  /** Changes a peer, and whatever depends on its trust, in one transaction. */
  async function change(pubkey: Pubkey, edit: (tables: Tables, peer: PeerRecord) => PeerRecord) {
    const events = await store.transaction((tables) => {
      const before = tables.peers.get(pubkey);
      if (!before) throw new OcmeshError('peer_unknown');
      const peer = edit(tables, before);
      tables.peers.put(peer);
      return peer.trust === before.trust ? [] : afterTrust(tables, peer);
    });
    emit(events);
    wakeReceipts();
    return showPeer(pubkey);
  }

  function afterTrust(tables: Tables, peer: PeerRecord): DomainEvent[] {
    const events: DomainEvent[] = [{ type: 'peer.trust', peer }];
    if (peer.trust === 'stranger') return events;
    tables.pendingContacts.remove(peer.pubkey);
    if (peer.trust === 'contact') return [...events, ...heldMessages.release(tables, peer)];
    tables.held.removeOf(peer.pubkey);
    return events;
  }

  return {
    async updatePeer({ pubkey: key, ...fields }, context) {
      await deps.lookUpPeer(key);
      const profile = profileOf(key);
      const { pubkey } = profile;
      const emitted: DomainEvent[] = [];
      const shown = await change(pubkey, (tables, peer) => {
        emitted.push(...rememberRelays(tables, profile, context));
        return { ...peer, ...fields };
      });
      emit(emitted);
      return shown;
    },

    async resumePeer(input) {
      const { pubkey } = profileOf(input.pubkey);
      return change(pubkey, (tables, peer) => {
        loopGuard.resume(tables, pubkey);
        return peer;
      });
    },

    listRequests: () =>
      store.read((tables) =>
        gatherRequests(tables, toDate, confirmedDate()).flatMap(({ pubkey, ...request }): Request[] => {
          const peer = tables.peers.get(pubkey);
          if (!peer) return [];
          const { onlineWindowMs } = options;
          const context = { nowMs: clock.now(), shownAtMs: confirmedDate(), onlineWindowMs, loopGuard };
          return [{ ...request, peer: presentPeer(tables, peer, context) }];
        }),
      ),

    async answerRequest(input) {
      const { pubkey } = profileOf(input.pubkey);
      return change(pubkey, (tables, peer) => {
        if (!gatherRequests(tables, toDate, confirmedDate()).some((request) => request.pubkey === pubkey))
          throw new OcmeshError('request_unknown');
        return { ...peer, trust: input.accept ? 'contact' : 'blocked' };
      });
    },

    getPolicy: async () => policies.get(),

    async setPolicy(change) {
      const policy = await policies.set(change);
      if (policy.strangers === 'open') await heldMessages.releaseAll();
      return policy;
    },
  };
}

export const countRequests = (tables: Tables, shownAtMs: UnixMs): number =>
  tables.held.peers(shownAtMs).length + tables.pendingContacts.list().length;

type RequestOfKey = Omit<Request, 'peer'> & { readonly pubkey: Pubkey };

/** Lists the strangers who wait for the owner's decision, in both directions. */
function gatherRequests(
  tables: Tables,
  toDate: (ms: ConfirmedMs) => UnixMs,
  shownAtMs: UnixMs,
): RequestOfKey[] {
  const held = tables.held.peers(shownAtMs).map(
    ({ peer, sinceMs, count }): RequestOfKey => ({
      direction: 'in',
      since: toIso(toDate(sinceMs)),
      pubkey: peer,
      message_count: count,
      messages: tables.held
        .of(peer)
        .filter((message) => !hasEnded(message, shownAtMs))
        .map(({ id, type, content, timestampMs }) => ({
          id,
          type,
          content,
          timestamp: toIso(timestampMs),
        })),
    }),
  );
  const pending = tables.pendingContacts.list().map(
    ({ peer, atMs, content }): RequestOfKey => ({
      direction: 'out',
      since: toIso(toDate(atMs)),
      pubkey: peer,
      message_count: 1,
      messages: [{ id: null, type: 'text', content, timestamp: toIso(toDate(atMs)) }],
    }),
  );
  return [...held, ...pending];
}
