import { limits, type Message, type PeerDetails, type Policy, type Trust } from '@ocmesh/shared/contract';
import { signal } from '@preact/signals';
import type { Fetches } from './fetches.ts';
import { pageLimits } from './limits.ts';
import type { MeshData } from './mesh-data.ts';
import { endsSession, type PageApi, toFailure } from './page-api.ts';
import type { Threads } from './threads.ts';

/** What the owner did, and whether it worked. */
export interface Notice {
  readonly kind: 'done' | 'failed';
  readonly text: string;
  readonly step?: string;
}

/** What the owner can do on the page. Each resolves with whether it worked, and leaves a notice. */
export function createActions(deps: {
  readonly api: PageApi;
  readonly data: MeshData;
  readonly fetches: Fetches;
  readonly threads: Threads;
  /** A text that no other message has. */
  readonly newKey: () => string;
  readonly onSessionEnd: () => void;
}) {
  const { api, data, fetches, threads, newKey, onSessionEnd } = deps;
  const notice = signal<Notice | null>(null);

  async function act(done: string | null, run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      if (done !== null) notice.value = { kind: 'done', text: done };
      return true;
    } catch (error) {
      if (endsSession(error)) onSessionEnd();
      notice.value = { kind: 'failed', ...toFailure(error) };
      return false;
    }
  }

  function put({ reachability: _, ...peer }: PeerDetails): void {
    data.peers.put([peer]);
  }

  return {
    notice,

    setTrust: (pubkey: string, trust: Trust) =>
      act(trustDone[trust], async () => {
        put(await api.updatePeer({ pubkey, trust }));
        await Promise.all([fetches.requests(), fetches.status()]);
      }),
    setAlias: (pubkey: string, alias: string) =>
      act('Alias saved.', async () => put(await api.updatePeer({ pubkey, alias: alias.trim() || null }))),
    setNote: (pubkey: string, note: string) =>
      act('Note saved.', async () => put(await api.updatePeer({ pubkey, note: note.trim() || null }))),
    resume: (pubkey: string) =>
      act('The conversation is resumed.', async () => put(await api.resumePeer({ pubkey }))),
    addPeer: (pubkey: string, alias: string) =>
      act('Added. A hello is on its way.', async () => {
        const name = alias.trim();
        put(await api.addPeer({ pubkey: pubkey.trim(), ...(name === '' ? {} : { alias: name }) }));
      }),
    answer: (pubkey: string, accept: boolean) =>
      act(accept ? 'Accepted: now a contact.' : 'Refused and blocked.', async () => {
        put(await api.answerRequest({ pubkey, accept }));
        await Promise.all([fetches.requests(), fetches.status(), fetches.messages()]);
      }),

    send: (to: string, content: string, replyTo: string | null) =>
      act(null, async () => {
        const reply = replyTo === null ? {} : { reply_to: replyTo };
        const { id } = await api.sendMessage({ to, content, ...reply, idempotency_key: newKey() });
        await Promise.all([fetches.message(id), threads.refresh()]);
      }),
    markRead: (pubkey: string) =>
      act('Marked as read.', async () => {
        await api.markRead({ from: pubkey });
        await Promise.all([fetches.peer(pubkey), fetches.status(), fetches.messages(), threads.refresh()]);
      }),
    async search(text: string, pubkey: string | null): Promise<readonly Message[]> {
      const q = text.slice(0, limits.http.searchChars);
      let found: readonly Message[] = [];
      await act(null, async () => {
        const only = pubkey === null ? {} : { with: pubkey };
        const page = await api.listMessages({
          q,
          direction: 'all',
          limit: pageLimits.foundMessages,
          ...only,
        });
        found = page.items;
      });
      return found;
    },

    addRelay: (url: string) =>
      act('Added. The daemon connects to it now.', async () => {
        await api.addRelay({ url: url.trim() });
        await fetches.relays();
      }),
    testRelay: (url: string) =>
      act('The test takes about ten seconds.', async () => {
        await api.testRelay({ url });
      }),
    removeRelay: (url: string) =>
      act('Removed.', async () => {
        data.relays.value = await api.removeRelay({ url });
      }),
    setPolicy: (change: Partial<Policy>) =>
      act('Policy saved.', async () => {
        data.policy.value = await api.setPolicy(change);
      }),
  };
}

const trustDone: Readonly<Record<Trust, string>> = {
  contact: 'Now a contact.',
  blocked: 'Blocked: messages in either direction are dropped.',
  stranger: 'Now a stranger, subject to the policy.',
};
