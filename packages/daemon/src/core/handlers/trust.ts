import { type ConfirmedMs, toIso, type UnixMs } from '@ocmesh/shared/ambient';
import { type Handlers, OcmeshError, type Pubkey, type Request } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { PeerRecord } from '../model/peer.ts';
import { findProfile } from '../peers/find-peer.ts';
import type { Tables } from '../ports/store.ts';
import { changeTrust, type WaitingRequest, listRequests as waitingRequests } from '../trust/requests.ts';
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
      const { trust, ...peer } = edit(tables, before);
      tables.peers.put({ ...peer, trust: before.trust });
      return changeTrust(tables, pubkey, trust, heldMessages);
    });
    emit(events);
    wakeReceipts();
    return showPeer(pubkey);
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
        waitingRequests(tables, confirmedDate()).flatMap((request): Request[] => {
          const peer = tables.peers.get(request.peer);
          if (!peer) return [];
          const { onlineWindowMs } = options;
          const context = { nowMs: clock.now(), shownAtMs: confirmedDate(), onlineWindowMs, loopGuard };
          return [{ ...presentRequest(request, toDate), peer: presentPeer(tables, peer, context) }];
        }),
      ),

    async answerRequest(input) {
      const { pubkey } = profileOf(input.pubkey);
      return change(pubkey, (tables, peer) => {
        if (!waitingRequests(tables, confirmedDate()).some((request) => request.peer === pubkey))
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

function presentRequest(
  { direction, sinceMs, held, intended }: WaitingRequest,
  toDate: (ms: ConfirmedMs) => UnixMs,
): Omit<Request, 'peer'> {
  const since = toIso(toDate(sinceMs));
  const messages: Request['messages'] =
    intended === null
      ? held.map(({ id, type, content, timestampMs }) => ({
          id,
          type,
          content,
          timestamp: toIso(timestampMs),
        }))
      : [{ id: null, type: 'text', content: intended, timestamp: since }];
  return { direction, since, message_count: messages.length, messages };
}
