import {
  type Cancel,
  type Clock,
  type Log,
  type Random,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import { cutChars, limits, type RelayState } from '@ocmesh/shared/contract';
import { type EventDraft, type Filter, kinds, type NostrEvent, parseRelayFrame } from '@ocmesh/shared/wire';
import type {
  NetworkListener,
  PublishOutcome,
  QueryResult,
  RelayInfo,
  RelaySnapshot,
  Subscription,
} from '../../core/ports/relay-network.ts';
import { type Connection, openConnection } from './connection.ts';
import { fetchRelayInfo } from './info.ts';
import { createPublications } from './publications.ts';
import { reconnectDelayMs } from './reconnect.ts';
import { createSubscriptions } from './subscriptions.ts';

/** Characters of a relay's words that are kept. */
const REASON_CHARS = 200;
const DM_SUBSCRIPTION = 'dm';

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** For NIP-42. */
  readonly sign: (draft: EventDraft) => NostrEvent;
  /** No relay at all is connected. */
  readonly isAlone: () => boolean;
  readonly listener: NetworkListener;
  readonly standing: readonly Subscription[];
}

export interface Session {
  start(): void;
  stop(): Promise<void>;
  snapshot(): RelaySnapshot;
  publish(event: NostrEvent): Promise<PublishOutcome>;
  query(filters: readonly Filter[]): Promise<QueryResult>;
}

/** One relay for the life of the daemon: connects, subscribes, authenticates, and comes back after every break. */
export function createSession(url: string, deps: SessionDeps): Session {
  const { clock, random, log, listener } = deps;
  let state: RelayState = 'disconnected';
  let connection: Connection | null = null;
  let connectedSince: UnixMs | null = null;
  let openedAt = 0;
  let failures = 0;
  let carriesDms = false;
  let lastError: string | null = null;
  /** Why we hung up ourselves. */
  let gaveUp: string | null = null;
  let roundTripMs: number | null = null;
  let info: RelayInfo | null = null;
  let challenge: string | null = null;
  /** The answer to the current challenge: asked for once, shared by everybody who needs it. */
  let authentication: Promise<boolean> | null = null;
  let cancelRetry: Cancel = () => {};
  let stopped = false;
  let onClosed = (): void => {};

  const send = (frame: string): boolean => connection?.send(frame) ?? false;
  const publications = createPublications({ clock, send });
  const subscriptions = createSubscriptions({
    clock,
    send,
    authenticate,
    giveUp(reason) {
      gaveUp = reason;
      connection?.terminate();
    },
    onEvent: (event) => listener.onEvent(event, url),
    onSubscribed(name) {
      if (name === DM_SUBSCRIPTION) carriesDms = true;
      listener.onSubscribed(url, name);
    },
    onRefused(name, reason) {
      if (name === DM_SUBSCRIPTION) carriesDms = false;
      lastError = cutChars(reason, REASON_CHARS);
      log.warn('relay refused a subscription', { relay: url, subscription: name, reason });
    },
  });

  function connect(): void {
    state = 'connecting';
    connection = openConnection(url, clock, {
      onOpen,
      onText,
      onGarbage: (reason) => listener.onGarbage(url, reason),
      onClose,
    });
    void fetchRelayInfo(url).then((document) => {
      if (!document) return;
      info = document;
      if (state === 'connected') listener.onInfo(url, document);
    });
  }

  function onOpen(): void {
    state = 'connected';
    connectedSince = clock.now();
    openedAt = clock.monotonic();
    lastError = null;
    log.info(`relay connected to ${url}`);
    listener.onConnected(url);
    if (info) listener.onInfo(url, info);
    subscriptions.open(deps.standing);
  }

  function onText(text: string): void {
    const frame = parseRelayFrame(text);
    if (!frame) return listener.onGarbage(url, 'garbage_frame');
    switch (frame.type) {
      case 'EVENT':
        return subscriptions.onEvent(frame.subscription, frame.event);
      case 'EOSE':
        return subscriptions.onEose(frame.subscription);
      case 'CLOSED':
        return subscriptions.onClosed(frame.subscription, frame.reason);
      case 'OK':
        return publications.onOk(frame.eventId, frame.accepted, cutChars(frame.reason, REASON_CHARS));
      case 'AUTH':
        // Answered only when something needs it: it tells the relay who we are.
        challenge = frame.challenge;
        authentication = null;
        void subscriptions.onChallenge();
        return;
      case 'NOTICE':
        log.debug('relay notice', { relay: url, text: frame.text });
    }
  }

  function onClose(reason: string, timedOut: boolean): void {
    const wasConnected = state === 'connected';
    if (wasConnected && clock.monotonic() - openedAt >= limits.relayStableMs) failures = 0;
    state = 'disconnected';
    connection = null;
    connectedSince = null;
    carriesDms = false;
    challenge = null;
    authentication = null;
    lastError = cutChars(gaveUp ?? reason, REASON_CHARS);
    gaveUp = null;
    publications.reset();
    subscriptions.reset();
    if (stopped) return onClosed();
    if (timedOut) log.warn('connection timeout', { relay: url });
    if (wasConnected) {
      log.warn('relay disconnected', { relay: url, reason });
      listener.onDisconnected(url);
    } else {
      log.debug('relay not reached', { relay: url, reason });
    }
    cancelRetry = clock.after(reconnectDelayMs(failures++, deps.isAlone(), random.unit()), connect);
  }

  /** NIP-42, once per challenge. A refusal is a state, not an exception. */
  function authenticate(): Promise<boolean> {
    authentication ??= answerChallenge();
    return authentication;
  }

  async function answerChallenge(): Promise<boolean> {
    if (challenge === null) return false;
    const answer = deps.sign({
      kind: kinds.clientAuth,
      created_at: toUnixSec(clock.now()),
      tags: [
        ['relay', url],
        ['challenge', challenge],
      ],
      content: '',
    });
    const { outcome, reason } = await publications.authenticate(answer);
    if (outcome === 'accepted') return true;
    if (outcome !== 'offline') {
      lastError = `relay auth failed: ${reason ?? outcome}`;
      log.warn('relay auth failed', { relay: url, reason: reason ?? outcome });
    }
    return false;
  }

  return {
    start: connect,
    stop: () =>
      new Promise((resolve) => {
        stopped = true;
        cancelRetry();
        if (!connection) return resolve();
        onClosed = resolve;
        connection.terminate();
      }),
    snapshot: () => ({
      url,
      role: 'own',
      open: state === 'connected',
      state,
      connectedSince,
      carriesDms,
      lastError,
      roundTripMs,
      info,
      restsUntil: null,
      clockOffsetMs: null,
    }),
    async publish(event) {
      const startedAt = clock.monotonic();
      const first = await publications.publish(event);
      if (first.outcome !== 'offline' && first.outcome !== 'timeout') {
        roundTripMs = Math.round((clock.monotonic() - startedAt) * 10) / 10;
      }
      if (first.prefix !== 'auth-required' || first.outcome !== 'rejected') return first;
      return (await authenticate()) ? publications.publish(event) : first;
    },
    query: async (filters) =>
      state === 'connected' ? subscriptions.query(filters) : { complete: false, events: [], tooLarge: false },
  };
}
