import {
  type Message,
  OcmeshError,
  type Peer,
  type Request,
  type StreamEvent,
} from '@ocmesh/shared/contract';
import { aMessage, aPeerAlone, aRelay, aStatus, type FakeClock } from '@ocmesh/testkit';
import type { PageApi } from '../src/state/page-api.ts';
import type { PagePorts } from '../src/state/ports.ts';

type NewEvent = StreamEvent extends infer E ? (E extends StreamEvent ? Omit<E, 'id'> : never) : never;

export type FakeDaemon = ReturnType<typeof createFakeDaemon>;

/** A daemon in memory, as far as the page's state needs it. Its answers take `delayMs`. */
export function createFakeDaemon(clock: FakeClock, { delayMs = 5, kept = 20 } = {}) {
  const peers = new Map<string, Peer>();
  const messages = new Map<string, Message>();
  const requests = new Map<string, Request>();
  const events: { readonly number: number; readonly event: NewEvent }[] = [];
  const streams = new Set<{ wake: () => void; isOver: boolean }>();
  const calls: string[] = [];
  let status = aStatus({ known_peer_count: 0 });
  let epoch = 'a';
  let newest = 0;
  let refusal: OcmeshError | null = null;

  const clone = <T>(value: T): T => structuredClone(value);
  /** The answer as it was when the call came, after a while: an answer can be older than an event. */
  const answer = <T>(name: string, read: () => T): Promise<T> => {
    calls.push(name);
    if (refusal) return Promise.reject(refusal);
    const value = clone(read());
    return new Promise((resolve) => clock.after(delayMs, () => resolve(value)));
  };
  const page = <T>(items: T[], limit: number) => ({
    items: items.slice(0, limit),
    next_cursor: items.length > limit ? 'more' : null,
  });
  const peerOrThrow = (pubkey: string): Peer => {
    const peer = peers.get(pubkey);
    if (!peer) throw new OcmeshError('peer_unknown');
    return peer;
  };

  const api = {
    getStatus: () => answer('status', () => status),
    getIdentity: () =>
      answer('identity', () => ({ pubkey: status.pubkey, npub: status.npub, name: 'alice', features: [] })),
    getProfile: () => answer('profile', () => ({ name: 'alice', about: null, capabilities: [] })),
    getPolicy: () =>
      answer('policy', () => ({
        strangers: 'open' as const,
        first_contact: 'allow' as const,
        mcp_may_trust: false,
      })),
    getHistory: () => answer('history', () => ({ interval_seconds: 60, points: [] })),
    listRelays: () => answer('relays', () => [aRelay()]),
    listRequests: () => answer('requests', () => [...requests.values()]),
    listPeers: ({ limit = 1000 }) => answer('peers', () => page([...peers.values()], limit)),
    getPeer: ({ pubkey }: { pubkey: string }) => answer('peer', () => aPeerAlone(peerOrThrow(pubkey))),
    listMessages: ({ limit = 1000, with: other }: { limit?: number; with?: string }) =>
      answer('messages', () =>
        page(
          [...messages.values()]
            .filter(({ from, to }) => other === undefined || from === other || to === other)
            .reverse(),
          limit,
        ),
      ),
    getMessage: ({ id }: { id: string }) =>
      answer('message', () => {
        const message = messages.get(id);
        if (!message) throw new OcmeshError('message_unknown');
        return message;
      }),

    async *follow(from: string | null, signal: AbortSignal, onPosition: (id: string) => void) {
      if (refusal) throw refusal;
      const stream = { wake: () => {}, isOver: false };
      streams.add(stream);
      signal.addEventListener('abort', () => stream.wake());
      let at = from ?? `${epoch}:${newest}`;
      onPosition(at);
      while (!signal.aborted && !stream.isOver) {
        const woken = new Promise<void>((resolve) => {
          stream.wake = resolve;
        });
        const next = after(at);
        if (next) {
          at = next.id;
          onPosition(at);
          yield clone(next) as StreamEvent;
        } else await woken;
      }
      throw new OcmeshError('daemon_down');
    },
  };

  function after(at: string): { id: string } | null {
    const [itsEpoch, number = ''] = at.split(':');
    const missing = newest - Number(number);
    if (itsEpoch !== epoch || missing > Math.min(kept, events.length))
      return { id: `${epoch}:${newest}`, event: 'reset', data: { reason: 'too_old' } } as StreamEvent;
    const next = events[events.length - missing];
    return next ? { ...next.event, id: `${epoch}:${next.number}` } : null;
  }

  return {
    api: api as unknown as PageApi,
    calls,
    peers,
    messages,
    requests,
    status: () => status,
    setStatus(change: Partial<typeof status>) {
      status = { ...status, ...change };
    },
    /** Every call is refused with this from now on. */
    refuse(error: OcmeshError | null) {
      refusal = error;
    },
    emit(event: NewEvent) {
      events.push({ number: ++newest, event });
      for (const { wake } of streams) wake();
    },
    /** Closes every stream. */
    drop() {
      for (const stream of streams) {
        stream.isOver = true;
        stream.wake();
      }
      streams.clear();
    },
    restart() {
      epoch += 'b';
      newest = 0;
      events.length = 0;
    },
    receive(message: Partial<Message>) {
      const arrived = aMessage(message);
      messages.set(arrived.id, arrived);
      this.emit({ event: 'message.received', data: arrived });
    },
  };
}

/** Ports of a page that somebody looks at, with the time of the test. */
export const testPorts = (clock: FakeClock): PagePorts => ({
  clock,
  isVisible: () => true,
  onVisible: () => () => {},
});
