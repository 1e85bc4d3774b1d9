import { limits, OcmeshError, type Peer } from '@ocmesh/shared/contract';
import { batch } from '@preact/signals';
import { pageLimits } from './limits.ts';
import type { MeshData } from './mesh-data.ts';
import type { PageApi } from './page-api.ts';

export type Fetches = ReturnType<typeof createFetches>;

/** Fetches parts of the daemon's state and puts them into the page's. Each rejects with the error of the call. */
export function createFetches(api: PageApi, data: MeshData) {
  async function allPeers(): Promise<Peer[]> {
    const found: Peer[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Awaited<ReturnType<PageApi['listPeers']>> = await api.listPeers({
        limit: limits.http.pageRows,
        ...(cursor === '' ? {} : { cursor }),
      });
      found.push(...page.items);
      cursor = page.next_cursor;
    }
    return found;
  }

  const newestMessages = async () =>
    (await api.listMessages({ direction: 'all', limit: pageLimits.firstMessages })).items;

  return {
    async status() {
      data.status.value = await api.getStatus({});
    },
    async relays() {
      data.relays.value = await api.listRelays({});
    },
    async requests() {
      data.requests.value = await api.listRequests({});
    },
    async policy() {
      data.policy.value = await api.getPolicy({});
    },
    async profile() {
      data.profile.value = await api.getProfile({});
    },
    async history() {
      data.history.value = await api.getHistory({});
    },
    async peers() {
      data.peers.replace(await allPeers());
    },
    /** @returns the peers that gave a sign of life since the last look */
    async seenPeers(): Promise<Peer[]> {
      const { items } = await api.listPeers({ limit: pageLimits.seenPeers });
      const seen = items.filter(({ pubkey, last_seen }) => data.peers.get(pubkey)?.last_seen !== last_seen);
      if (seen.length > 0) data.peers.put(seen);
      return seen;
    },
    async peer(pubkey: string) {
      try {
        const { reachability: _, ...peer } = await api.getPeer({ pubkey });
        data.peers.put([peer]);
      } catch (error) {
        if (!(error instanceof OcmeshError && error.code === 'peer_unknown')) throw error;
        data.peers.remove(pubkey);
      }
    },
    async messages() {
      data.messages.replace(await newestMessages());
    },
    async message(id: string) {
      try {
        data.messages.put([await api.getMessage({ id })]);
      } catch (error) {
        if (!(error instanceof OcmeshError && error.code === 'message_unknown')) throw error;
        data.messages.remove(id);
      }
    },
    /** Fetches everything, and shows it at once. */
    async everything() {
      const [status, identity, profile, policy, relays, requests, peers, messages] = await Promise.all([
        api.getStatus({}),
        api.getIdentity({}),
        api.getProfile({}),
        api.getPolicy({}),
        api.listRelays({}),
        api.listRequests({}),
        allPeers(),
        newestMessages(),
      ]);
      batch(() => {
        data.status.value = status;
        data.identity.value = identity;
        data.profile.value = profile;
        data.policy.value = policy;
        data.relays.value = relays;
        data.requests.value = requests;
        data.peers.replace(peers);
        data.messages.replace(messages);
      });
    },
  };
}
