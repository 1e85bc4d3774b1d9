import type { Clock, Log } from '@ocmesh/shared/ambient';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import { createAuthRateLimit } from '../../src/adapters/nostr/auth-rate-limit.ts';
import { createProtocol, type Protocol } from '../../src/adapters/nostr/protocol.ts';
import { noResult } from '../../src/adapters/nostr/queries.ts';
import type { RelayNetwork, RelaySnapshot } from '../../src/core/ports/relay-network.ts';

const url = 'wss://one.test';

/**
 * A network of one relay that the test plays by hand, frame by frame. The protocol is the real one; sockets and the
 * limits of a session are left out.
 */
export function createProtocolNetwork(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly sign: (draft: EventDraft) => NostrEvent;
}) {
  const authRateLimit = createAuthRateLimit(deps.clock);
  const sent: string[] = [];
  let protocol: Protocol | null = null;
  let connect = (): void => {};
  const snapshot = (): RelaySnapshot => ({
    url,
    role: 'own',
    open: true,
    state: 'connected',
    connectedSince: 0,
    carriesDms: true,
    sharesSubscription: false,
    lastError: null,
    roundTripMs: null,
    info: null,
    backoffUntil: null,
    isProxyDown: false,
    clockOffsetMs: null,
  });

  const network: RelayNetwork = {
    start(_, permanent, listener) {
      connect = () => {
        protocol?.close();
        protocol = createProtocol({
          url,
          clock: deps.clock,
          log: deps.log,
          sign: deps.sign,
          authRateLimit,
          isOwn: true,
          permanent,
          info: () => null,
          send: (frame) => sent.push(frame) > 0,
          giveUp: () => connect(),
          onEvent: (event, bytes) => listener.onEvent(event, url, bytes),
          onLate: (event) => listener.onLate(event, url),
          onAuthenticated: () => listener.onAuthenticated(url),
          onUnreadable: (reason) => listener.onGarbage(url, reason),
          onSubscribed: (name) => listener.onSubscribed(url, name),
          onNotice: () => listener.onNotice(url),
          onRefused: () => {},
          onRoundTrip: () => {},
          onOffence: (offence) => listener.onGarbage(url, offence),
        });
        protocol.open();
      };
      listener.onConnected(url);
      connect();
    },
    stop: async () => {},
    relays: () => [snapshot()],
    use() {},
    reach() {},
    publish: async (_, event) =>
      (await protocol?.publish(event)) ?? { outcome: 'not_connected', reason: null, prefix: null },
    query: async (_, filters) => (await protocol?.query(filters)) ?? noResult,
    count: async (_, filter) => (await protocol?.count(filter)) ?? null,
    resubscribe: (_, name) => protocol?.resubscribe(name),
    report() {},
    wake() {},
  };
  return {
    network,
    /** Returns the frames that we sent since the last call. */
    takeSent: () => sent.splice(0),
    /** Handles a frame of the relay. */
    hear: (text: string) => protocol?.onText(text, text.length),
    /** Closes the connection and opens another one. */
    reconnect: () => connect(),
  };
}
