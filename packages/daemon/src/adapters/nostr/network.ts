import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { NetworkListener, RelayNetwork, Subscription } from '../../core/ports/relay-network.ts';
import { createAddressPolicy } from './address-policy.ts';
import type { SignResponse } from './auth.ts';
import { createPeerRelays } from './peer-relays.ts';
import { createDialer, type Outbound } from './proxy/dialer.ts';
import { notConnected } from './publications.ts';
import { noResult } from './queries.ts';
import { createSession, type Session, type Transport } from './session.ts';

export interface NetworkDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sign: SignResponse;
  /** How relays are reached. */
  readonly outbound: Outbound;
  /** Replaces the network, in a simulation. */
  readonly transport?: Transport;
  /** Replaces the rule that a peer's relay has a public address, and allows `ws:`; for tests on loopback. */
  readonly isReachable?: (address: string) => boolean;
}

/** All relays: our own, and those of peers while we write to them. Each has a session. */
export function createRelayNetwork(deps: NetworkDeps): RelayNetwork {
  const { clock, random, log, sign, transport } = deps;
  const dialer = createDialer({ outbound: deps.outbound, clock, log });
  const policy = createAddressPolicy(dialer.usesProxy, deps.isReachable);
  let own = new Map<string, Session>();
  let permanent: readonly Subscription[] = [];
  /** null before the start and after the stop: no session is opened then. */
  let listener: NetworkListener | null = null;
  /** Sessions that were stopped, until their sockets are closed. */
  const ending = new Set<Promise<void>>();

  const peerRelays = createPeerRelays({
    clock,
    policy,
    stopSession,
    openSession: (url) =>
      createSession(url, {
        clock,
        random,
        log,
        sign,
        dialer,
        isProxyInUse,
        role: 'peer',
        lookup: policy.lookup,
        transport,
        // Whether our own relays are connected does not matter to it.
        othersOpen: () => true,
        listener: listener as NetworkListener,
        permanent: [],
      }),
  });

  const allSessions = (): Session[] => [...own.values(), ...peerRelays.sessions()];

  function isProxyInUse(): boolean {
    return allSessions().some((session) => session.isOpen() && dialer.usesProxy(session.url));
  }

  function openOwn(url: string): Session {
    return createSession(url, {
      clock,
      random,
      log,
      sign,
      dialer,
      isProxyInUse,
      role: 'own',
      lookup: undefined,
      transport,
      othersOpen: () => [...own].some(([other, session]) => other !== url && session.isOpen()),
      listener: listener as NetworkListener,
      permanent,
    });
  }

  /** Without any connection, relays that would wait for minutes are tried again soon. */
  function retrySoonIfAlone(): void {
    if ([...own.values()].some((session) => session.isOpen())) return;
    for (const session of own.values()) session.retrySoon();
  }

  /** Stops a session that is no longer used, without waiting for its socket to close. */
  function stopSession(url: string, session: Session): void {
    const wasOpen = session.isOpen();
    const ended = session.stop().then(() => void ending.delete(ended));
    ending.add(ended);
    if (wasOpen) listener?.onDisconnected(url);
  }

  function use(urls: readonly string[]): void {
    if (!listener) return;
    const before = own;
    own = new Map();
    const fresh: Session[] = [];
    for (const url of urls) {
      if (own.has(url)) continue;
      const session = before.get(url) ?? openOwn(url);
      if (!before.has(url)) fresh.push(session);
      own.set(url, session);
    }
    for (const [url, session] of before) if (!own.has(url)) stopSession(url, session);
    for (const url of own.keys()) peerRelays.drop(url);
    for (const session of fresh) session.start();
    retrySoonIfAlone();
  }

  return {
    start(urls, subscriptions, reportTo) {
      permanent = subscriptions;
      listener = {
        ...reportTo,
        onDisconnected(url) {
          retrySoonIfAlone();
          reportTo.onDisconnected(url);
        },
      };
      use(urls);
    },
    async stop() {
      listener = null;
      const all = allSessions();
      own = new Map();
      peerRelays.clear();
      await Promise.all([...all.map((session) => session.stop()), ...ending]);
    },
    use,
    reach(url) {
      if (listener && !own.has(url)) peerRelays.reach(url);
    },
    relays: () => allSessions().map((session) => session.snapshot()),
    publish: async (url, event, { mayIdentify = false } = {}) =>
      (await (own.get(url) ?? peerRelays.used(url))?.publish(event, mayIdentify)) ?? notConnected,
    query: async (url, filters) => (await own.get(url)?.query(filters)) ?? noResult,
    count: async (url, filter) => (await own.get(url)?.count(filter)) ?? null,
    resubscribe: (url, subscription) => own.get(url)?.resubscribe(subscription),
    report(url, offence) {
      (own.get(url) ?? peerRelays.get(url))?.report(offence);
    },
    wake() {
      for (const session of allSessions()) session.wake();
    },
  };
}
