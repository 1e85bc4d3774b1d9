import type { LookupFunction } from 'node:net';
import type { Clock, Log, Random, UnixMs } from '@ocmesh/shared/ambient';
import { cutChars, limits, type RelayState } from '@ocmesh/shared/contract';
import type { EventDraft, Filter, NostrEvent } from '@ocmesh/shared/wire';
import type {
  NetworkListener,
  Offence,
  PublishOutcome,
  QueryResult,
  RelaySnapshot,
  Subscription,
} from '../../core/ports/relay-network.ts';
import { type Circumstances, judge } from './close-reason.ts';
import { type Connection, type End, openConnection } from './connection.ts';
import { createInfoSource } from './info-cache.ts';
import { nostrLimits } from './limits.ts';
import { createConversation } from './protocol.ts';
import { createReconnect } from './reconnect.ts';
import { createRemoteClock } from './remote-clock.ts';
import { createReputation } from './reputation.ts';

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** For NIP-42. */
  readonly sign: (draft: EventDraft) => NostrEvent;
  readonly role: RelaySnapshot['role'];
  /** In place of the system's, where not every address may be connected to. */
  readonly lookup: LookupFunction | undefined;
  /** Whether another relay of our own is open. */
  readonly othersOpen: () => boolean;
  readonly listener: NetworkListener;
  readonly permanent: readonly Subscription[];
}

export interface Session {
  start(): void;
  /** Nothing is heard of it from now on. Resolves when its socket is closed. */
  stop(): Promise<void>;
  snapshot(): RelaySnapshot;
  publish(event: NostrEvent): Promise<PublishOutcome>;
  query(filters: readonly Filter[]): Promise<QueryResult>;
  report(offence: Offence): void;
  wake(): void;
  /** No relay of our own is open any more. */
  retrySoon(): void;
}

/** One relay for as long as it is on our list: connects, subscribes, authenticates, and comes back after every break. */
export function createSession(url: string, deps: SessionDeps): Session {
  const { clock, random, log, role, listener, othersOpen } = deps;
  let phase: 'down' | 'connecting' | 'open' = 'down';
  /** What it is called while it is down. */
  let downState: RelayState = 'disconnected';
  let told: RelayState = 'disconnected';
  let connection: Connection | null = null;
  let askedAt = 0;
  let openedAt = 0;
  let connectedSince: UnixMs | null = null;
  let lastError: string | null = null;
  let gaveUp: Circumstances['gaveUp'] = null;
  /** What is not logged again for each of a row of failures. */
  let loggedRest: RelayState | null = null;
  let hasMisbehaved = false;
  let stopped = false;
  let onStopped = (): void => {};

  const conduct = createReputation(clock);
  const remoteClock = createRemoteClock(clock);
  const comeback = createReconnect({ clock, random, connect, othersOpen });
  const info = createInfoSource({
    url,
    clock,
    remoteClock,
    onInfo(document) {
      if (phase !== 'open') return;
      listener.onInfo(url, document);
      conversation.onInfo();
      tellState();
    },
  });
  const conversation = createConversation({
    url,
    clock,
    log,
    sign: deps.sign,
    permanent: deps.permanent,
    info: info.current,
    send: (frame) => connection?.send(frame) ?? false,
    giveUp: (reason) => hangUp('unanswered', reason),
    onEvent: (event) => listener.onEvent(event, url),
    onSubscribed(name) {
      listener.onSubscribed(url, name);
      tellState();
    },
    onRefused(words) {
      lastError = cutChars(words, limits.relay.reasonChars);
      tellState();
    },
    onOffence: offend,
  });

  function connect(): void {
    phase = 'connecting';
    askedAt = clock.monotonic();
    connection = openConnection(
      url,
      { clock, lookup: deps.lookup },
      { onOpen, onText: conversation.onText, onGarbage: offend, onClose },
    );
    tellState();
    // A peer's relay is none of our business beyond what we write to it.
    if (role === 'own') info.refresh();
  }

  function onOpen(date: string | null): void {
    phase = 'open';
    downState = 'disconnected';
    connectedSince = clock.now();
    openedAt = clock.monotonic();
    lastError = null;
    remoteClock.note(date, askedAt);
    log.info(`relay connected to ${url}`);
    listener.onConnected(url);
    if (stopped) return;
    const document = info.current();
    if (document) listener.onInfo(url, document);
    tellState();
    conversation.open();
  }

  function onClose(end: End): void {
    if (stopped) return onStopped();
    const wasOpen = phase === 'open';
    const verdict = judge(end, {
      gaveUp,
      refused: conversation.refused(),
      auth: conversation.auth(),
      info: info.current(),
      nowMs: clock.now(),
    });
    if (wasOpen && !gaveUp && clock.monotonic() - openedAt >= nostrLimits.reconnect.stableMs) {
      comeback.reset();
      loggedRest = null;
    }
    phase = 'down';
    downState = verdict.state;
    connection = null;
    connectedSince = null;
    gaveUp = null;
    hasMisbehaved = false;
    lastError = cutChars(end.reason, limits.relay.reasonChars);
    conversation.reset();
    if (verdict.rest) comeback.rest(verdict.rest);
    else
      comeback.retry(Math.max(verdict.atLeastMs, role === 'foreign' ? nostrLimits.reconnect.peerRelayMs : 0));
    if (end.timedOut) log.warn('connection timeout', { relay: url });
    if (wasOpen) log.warn('relay disconnected', { relay: url, reason: lastError });
    else log.debug('relay not reached', { relay: url, reason: lastError });
    if (verdict.rest) logRest(verdict.state);
    if (wasOpen) listener.onDisconnected(url);
    tellState();
  }

  function logRest(state: RelayState): void {
    if (loggedRest === state) return;
    loggedRest = state;
    const minutes = Math.round(((comeback.backoffUntil() ?? clock.now()) - clock.now()) / 60_000);
    log.warn('relay left alone for a while', { relay: url, state, reason: lastError, minutes });
  }

  function offend(offence: 'garbage_frame' | 'frame_too_large' | 'unasked'): void {
    listener.onGarbage(url, offence);
    penalize(offence);
  }

  function penalize(offence: Offence | 'garbage_frame' | 'frame_too_large'): void {
    if (!conduct.penalize(offence) || phase !== 'open') return;
    // A bad relay is better than none.
    if (role === 'foreign' || othersOpen()) return hangUp('misbehaved', `it misbehaves: ${offence}`);
    if (!hasMisbehaved) log.warn('relay misbehaves, and no other is connected', { relay: url, offence });
    hasMisbehaved = true;
  }

  function hangUp(why: Circumstances['gaveUp'], reason: string): void {
    gaveUp = why;
    connection?.terminate(reason);
  }

  function state(): RelayState {
    if (phase === 'connecting') return 'connecting';
    return phase === 'open' ? (conversation.refused()?.state ?? 'connected') : downState;
  }

  function tellState(): void {
    const now = state();
    if (stopped || now === told) return;
    told = now;
    listener.onState(url, now);
  }

  return {
    start: connect,
    stop: () =>
      new Promise((resolve) => {
        stopped = true;
        comeback.stop();
        info.stop();
        conversation.reset();
        if (!connection) return resolve();
        onStopped = resolve;
        connection.terminate('stopped');
      }),
    snapshot: () => ({
      url,
      role,
      open: phase === 'open',
      state: state(),
      connectedSince,
      carriesDms: conversation.carriesDms(),
      lastError,
      roundTripMs: conversation.roundTripMs(),
      info: info.current(),
      backoffUntil: comeback.backoffUntil(),
      clockOffsetMs: remoteClock.offsetMs(),
    }),
    async publish(event) {
      if (phase !== 'open') return { outcome: 'offline', reason: null, prefix: null };
      return conversation.publish(event);
    },
    async query(filters) {
      if (phase !== 'open') return { complete: false, events: [], tooLarge: false };
      return conversation.query(filters);
    },
    report: penalize,
    wake() {
      remoteClock.forget();
      info.expire();
      if (phase !== 'down' && role === 'own') info.refresh();
      connection?.probe();
      comeback.hurry();
    },
    retrySoon: comeback.retrySoon,
  };
}
