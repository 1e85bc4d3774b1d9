import type { Clock } from '@ocmesh/shared/ambient';
import type { Message, StreamEvent } from '@ocmesh/shared/contract';
import type { Fetches } from './fetches.ts';
import { pageLimits } from './limits.ts';
import { type MeshData, peerOf } from './mesh-data.ts';
import { createRefresher } from './refresher.ts';
import { createTouched } from './touched.ts';

/** Changes the page's state as events say, and fetches what they do not say. */
export function createEventApplier(deps: {
  readonly data: MeshData;
  readonly fetches: Fetches;
  readonly clock: Pick<Clock, 'after'>;
  /** Events may be missing: fetches everything. */
  readonly onReset: () => void;
  /** A conversation has changed. */
  readonly onConversation: (pubkey: string) => void;
  readonly onError: (error: unknown) => void;
}) {
  const { data, fetches, clock, onReset, onConversation, onError } = deps;
  const soon = (run: () => Promise<void>) =>
    createRefresher(clock, pageLimits.gatherMs, () => run().catch(onError));
  const status = soon(fetches.status);
  const relays = soon(fetches.relays);
  const requests = soon(fetches.requests);
  const peers = createTouched(clock, fetches.peer, fetches.peers, onError);
  const messages = createTouched(clock, fetches.message, fetches.messages, onError);

  /** The number of unread messages is part of the peer. */
  function noteConversation(pubkey: string): void {
    peers.touch(pubkey);
    onConversation(pubkey);
  }

  return {
    requests,

    /** Applies what the event says. */
    apply({ event, data: subject }: StreamEvent): void {
      status.request();
      if (event === 'reset') onReset();
      else if (event === 'relay.state') relays.request();
      else if (event === 'status.changed') {
        const before = data.status.peek();
        if (before) data.status.value = { ...before, ...subject };
      } else if (event === 'message.received') {
        data.messages.put([subject]);
        noteConversation(peerOf(subject));
      } else if (event === 'message.state') {
        const before = data.messages.get(subject.id);
        if (before) data.messages.put([{ ...before, delivery: subject.delivery }]);
        else messages.touch(subject.id);
        onConversation(subject.to);
      } else if (event !== 'wake.test') {
        data.peers.put([subject]);
        if (event === 'request.waiting') requests.request();
      }
    },

    /** Fetches what the event is about, because what it says may be older than what was fetched. */
    refetch({ event, data: subject }: StreamEvent): void {
      status.request();
      if (event === 'reset') onReset();
      else if (event === 'relay.state') relays.request();
      else if (event === 'message.received') {
        messages.touch(subject.id);
        noteConversation(peerOf(subject));
      } else if (event === 'message.state') {
        messages.touch(subject.id);
        onConversation(subject.to);
      } else if (event !== 'status.changed' && event !== 'wake.test') {
        peers.touch(subject.pubkey);
        requests.request();
      }
    },

    /** Keeps the newest messages only. */
    dropOld(): void {
      const kept = data.messages.all.peek();
      // Half as many again, so that they are not sorted for each message.
      if (kept.size <= pageLimits.keptMessages * 1.5) return;
      data.messages.replace([...kept.values()].sort(byTime).slice(0, pageLimits.keptMessages));
    },

    stop(): void {
      for (const each of [status, relays, requests, peers, messages]) each.stop();
    },
  };
}

/** Newest first. */
export const byTime = (one: Message, other: Message): number =>
  one.timestamp < other.timestamp ? 1 : one.timestamp > other.timestamp ? -1 : 0;
