import type { LookupFunction } from 'node:net';
import type { Clock, Log, MonotonicMs, Random } from '@ocmesh/shared/ambient';
import type { EventDraft, Filter } from '@ocmesh/shared/wire';
import type {
  CountResult,
  NetworkListener,
  Offence,
  QueryResult,
  RelaySnapshot,
  Subscription,
} from '../../core/ports/relay-network.ts';
import type { SignResponse } from './auth.ts';
import { createAuthRateLimit } from './auth-rate-limit.ts';
import type { OpenSocket } from './connection.ts';
import { type AttemptEnd, type ConnectionAttempt, startConnectionAttempt } from './connection-attempt.ts';
import { createInfoCache, type FetchInfo } from './info-cache.ts';
import { nostrLimits } from './limits.ts';
import { createOversized } from './oversized.ts';
import type { Protocol } from './protocol.ts';
import type { Dialer } from './proxy/dialer.ts';
import { notConnected } from './publications.ts';
import { noResult } from './queries.ts';
import { createReconnect } from './reconnect.ts';
import { createRemoteClock, type RemoteClock } from './remote-clock.ts';
import { createReputation } from './reputation.ts';
import { createSessionStatus } from './session-status.ts';

/** How relays are reached. The default is the network. */
export interface Transport {
  readonly openSocket: OpenSocket;
  readonly fetchInfo: FetchInfo;
}

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sign: SignResponse;
  readonly role: RelaySnapshot['role'];
  readonly dialer: Dialer;
  /** Whether a connection through our proxy is open: then it works. */
  readonly isProxyInUse: () => boolean;
  /** Replaces the system's name lookup; undefined for relays that may have any address. */
  readonly lookup: LookupFunction | undefined;
  readonly transport?: Transport | undefined;
  /** Returns whether another relay of our own is connected. */
  readonly othersOpen: () => boolean;
  readonly listener: NetworkListener;
  readonly permanent: readonly Subscription[];
}

export interface Session {
  readonly url: string;
  isOpen(): boolean;
  start(): void;
  /** Reports nothing from now on. Resolves when the socket is closed. */
  stop(): Promise<void>;
  snapshot(): RelaySnapshot;
  publish: Protocol['publish'];
  query(filters: readonly Filter[]): Promise<QueryResult>;
  count(filter: Filter): Promise<CountResult | null>;
  resubscribe(subscription: string): void;
  report(offence: Offence): void;
  wake(): void;
  /** No relay of our own is connected any more. */
  retrySoon(): void;
}

/** One relay for as long as it is on our list. Connects, and reconnects whenever the connection is lost. */
export function createSession(url: string, deps: SessionDeps): Session {
  const { clock, random, log, dialer, role, listener, othersOpen } = deps;
  /** The connection, or the attempt to open one; null between attempts. */
  let attempt: ConnectionAttempt | null = null;
  let stopped = false;
  let onStopped = (): void => {};

  const reputation = createReputation(clock);
  const remoteClock = createRemoteClock(clock);
  const authRateLimit = createAuthRateLimit(clock);
  const oversized = createOversized(clock);
  const reconnect = createReconnect({ clock, random, connect, othersOpen });
  const status = createSessionStatus({
    url,
    clock,
    log,
    attempt: () => attempt,
    isProxyInUse: deps.isProxyInUse,
    onState: (state) => (stopped ? undefined : listener.onState(url, state)),
  });
  const info = createInfoCache({
    url,
    clock,
    dialer,
    remoteClock,
    fetchInfo: deps.transport?.fetchInfo,
    onInfo(document) {
      if (!attempt?.isOpen()) return;
      listener.onInfo(url, document);
      attempt.protocol.onInfo();
      status.reportState();
    },
  });

  function connect(): void {
    attempt = startConnectionAttempt({
      url,
      clock,
      log,
      sign: (draft, signer) => deps.sign(datedBy(remoteClock, draft), signer),
      authRateLimit,
      dialer,
      lookup: deps.lookup,
      oversized,
      openSocket: deps.transport?.openSocket,
      permanent: deps.permanent,
      info: info.current,
      onOpen,
      onClose,
      isOwn: role === 'own',
      ...passedTo(listener, url),
      onSubscribed(name) {
        listener.onSubscribed(url, name);
        status.reportState();
      },
      onRefused: status.onRefused,
      onRoundTrip: status.onRoundTrip,
      onOffence(offence) {
        listener.onGarbage(url, offence);
        penalize(offence);
      },
    });
    status.reportState();
    // A peer's relay gets our writes and no other request.
    if (role === 'own') info.refresh();
  }

  function onOpen(date: string | null, askedAt: MonotonicMs): void {
    remoteClock.note(date, askedAt);
    status.onOpen();
    listener.onConnected(url);
    if (stopped) return;
    const document = info.current();
    if (document) listener.onInfo(url, document);
    status.reportState();
    attempt?.protocol.open();
  }

  function onClose(end: AttemptEnd): void {
    if (stopped) return onStopped();
    attempt = null;
    if (end.wasStable) reconnect.reset();
    const atLeastMs = Math.max(end.atLeastMs, role === 'peer' ? nostrLimits.reconnect.peerRelayMs : 0);
    if (end.backoff) reconnect.backOff(end.backoff);
    // The relay is as good as before: it is back soon after the proxy.
    else reconnect.retry(atLeastMs, status.blamesProxy(end.proxyFault) || !othersOpen());
    status.onClose(end, reconnect.backoffUntil());
    if (end.wasOpen) listener.onDisconnected(url);
    status.reportState();
  }

  const isOpen = (): boolean => attempt?.isOpen() ?? false;

  function penalize(offence: Offence | 'garbage_frame'): void {
    // A bad relay is better than none.
    if (reputation.penalize(offence)) attempt?.onReputationLost(offence, role === 'own' && !othersOpen());
  }

  return {
    url,
    isOpen,
    start: connect,
    stop: () =>
      new Promise((resolve) => {
        stopped = true;
        reconnect.stop();
        info.stop();
        if (!attempt) return resolve();
        onStopped = resolve;
        attempt.stop();
      }),
    snapshot: () => ({
      url,
      role,
      ...status.current(),
      info: info.current(),
      backoffUntil: reconnect.backoffUntil(),
      clockOffsetMs: remoteClock.offsetMs(),
    }),
    publish: async (event, mayIdentify) =>
      attempt?.isOpen() ? attempt.protocol.publish(event, mayIdentify) : notConnected,
    query: async (filters) =>
      attempt?.isOpen() && oversized.mayQuery() ? attempt.protocol.query(filters) : noResult,
    count: async (filter) => (attempt?.isOpen() ? attempt.protocol.count(filter) : null),
    resubscribe: (subscription) => attempt?.protocol.resubscribe(subscription),
    report: penalize,
    wake() {
      remoteClock.forget();
      info.expire();
      if (attempt && role === 'own') info.refresh();
      attempt?.probe();
      reconnect.retryNow();
    },
    retrySoon: reconnect.retrySoon,
  };
}

/** What one relay reports, for the listener of all. */
const passedTo = (listener: NetworkListener, url: string) =>
  ({
    onEvent: (event, bytes) => listener.onEvent(event, url, bytes),
    onLate: (event) => listener.onLate(event, url),
    onAuthenticated: () => listener.onAuthenticated(url),
    onNotice: () => listener.onNotice(url),
    onUnreadable: (reason) => listener.onGarbage(url, reason),
  }) satisfies Partial<Parameters<typeof startConnectionAttempt>[0]>;

/** Dates an AUTH event by the relay's clock: a relay takes none that differs by ten minutes from it (NIP-42). */
const datedBy = ({ offsetMs }: RemoteClock, draft: EventDraft): EventDraft => ({
  ...draft,
  created_at: draft.created_at + Math.round((offsetMs() ?? 0) / 1000),
});
