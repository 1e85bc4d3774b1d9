import type { Clock, Log } from '@ocmesh/shared/ambient';
import { cutChars, limits } from '@ocmesh/shared/contract';
import { type Filter, parseRelayFrame, type RelayFrame } from '@ocmesh/shared/wire';
import type { CountResult, QueryResult, RelayInfo, Subscription } from '../../core/ports/relay-network.ts';
import { createAuthentication, type SignResponse } from './auth.ts';
import type { AuthRateLimit } from './auth-rate-limit.ts';
import type { ConnectionListener, Unreadable } from './connection.ts';
import { createCounts } from './counts.ts';
import { nostrLimits } from './limits.ts';
import { createPermanentSubscriptions } from './permanent-subscriptions.ts';
import { statedLimit } from './preflight.ts';
import { createPublications } from './publications.ts';
import { createPublishEvent, type PublishEvent } from './publish-event.ts';
import { createQueries } from './queries.ts';
import { type AuthResult, type RefusedState, refusedState } from './refused-state.ts';
import { createSubscriptions } from './subscriptions.ts';

export interface ProtocolDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly sign: SignResponse;
  readonly authRateLimit: AuthRateLimit;
  /** A relay of our own list: it may know who we are. */
  readonly isOwn: boolean;
  readonly permanent: readonly Subscription[];
  readonly info: () => RelayInfo | null;
  readonly send: (frame: string) => boolean;
  /** Disconnects: the relay does not respond to a REQ. */
  readonly giveUp: (reason: string) => void;
  readonly onEvent: (event: unknown, bytes: number) => void;
  /** An event of a query came after its end. */
  readonly onLate: (event: unknown) => void;
  readonly onSubscribed: (name: string) => void;
  /** The relay accepted our AUTH. */
  readonly onAuthenticated: () => void;
  readonly onNotice: () => void;
  /** The relay refused something that it did not refuse before. */
  readonly onRefused: (reason: string) => void;
  /** A write got its OK after this time. */
  readonly onRoundTrip: (ms: number) => void;
  readonly onOffence: (offence: 'garbage_frame' | 'unasked') => void;
  /** Dropped an event that we do not read: no fault of the relay. */
  readonly onUnreadable: (reason: 'too_large' | Unreadable) => void;
}

/** NIP-01 and NIP-42 on one connection; dropped with it. After `close` it sends and reports nothing. */
export interface Protocol {
  /** Subscribes; called when the connection is open. */
  open(): void;
  onText(text: string, bytes: number): void;
  onUnreadable: ConnectionListener['onUnreadable'];
  /** The relay's NIP-11 document arrived. */
  onInfo(): void;
  readonly publish: PublishEvent;
  query(filters: readonly Filter[]): Promise<QueryResult>;
  count(filter: Filter): Promise<CountResult | null>;
  /** Sends the REQ of a permanent subscription again. */
  resubscribe(name: string): void;
  /** Whether all permanent subscriptions are one. */
  sharesSubscription(): boolean;
  /** Returns whether our subscription for messages got its EOSE. */
  carriesDms(): boolean;
  /** Returns the permanent refusal of our subscription for messages, and for how long it has held; null if there is none. */
  refused(): { readonly state: RefusedState; readonly forMs: number } | null;
  auth(): AuthResult;
  close(): void;
}

export function createProtocol(deps: ProtocolDeps): Protocol {
  const { url, clock, log, info } = deps;
  let notices = 0;
  let isClosed = false;

  const send = (frame: string): boolean => !isClosed && deps.send(frame);
  const onUnasked = (): void => deps.onOffence('unasked');
  const publications = createPublications({ clock, send });
  const auth = createAuthentication({
    url,
    clock,
    rateLimit: deps.authRateLimit,
    sign: deps.sign,
    send: publications.authenticate,
    isWanted: () => deps.isOwn || info()?.limitation['auth_required'] === true,
    onAccepted() {
      deps.onAuthenticated();
      permanent.onAuthenticated(true);
    },
    onRefused(reason) {
      log.warn('relay auth failed', { relay: url, reason });
      deps.onRefused(`relay auth failed: ${reason}`);
      permanent.onAuthenticated(false);
    },
  });
  const stateOf = (reason: string): RefusedState | null => refusedState(reason, auth.result(), info());
  const subscriptions = createSubscriptions({
    clock,
    send,
    authenticate: () => auth.authenticate(),
    giveUp: () => deps.giveUp('no response to a subscription'),
    isFinal: (reason) => stateOf(reason) !== null,
    onRetryAfterFinal: auth.renew,
    onLate: deps.onLate,
    onUnasked,
    onRefused(name, text) {
      const reason = cutReason(text);
      permanent.onRefused(name, reason);
      log.warn('relay refused a subscription', { relay: url, subscription: name, reason });
      deps.onRefused(reason);
    },
  });
  const permanent = createPermanentSubscriptions({
    clock,
    url,
    wanted: deps.permanent,
    allowed: () => allowedSubscriptions(info()),
    subscriptions,
    isAuthPending: auth.isPending,
    onEvent: deps.onEvent,
    onSubscribed: deps.onSubscribed,
  });
  const counts = createCounts({ clock, send });
  const queries = createQueries({
    clock,
    subscriptions,
    slots: () => Math.max(0, allowedSubscriptions(info()) - permanent.count()),
    onExclusive: (isOpen) => (isOpen ? permanent.pause() : permanent.resume()),
    onLate: deps.onLate,
    onUnreadable: deps.onUnreadable,
    onGarbage: () => deps.onOffence('garbage_frame'),
  });

  function onText(text: string, bytes: number): void {
    if (isClosed) return;
    const frame = parseRelayFrame(text);
    if (!frame) return deps.onOffence('garbage_frame');
    // A challenge or a greeting comes by itself.
    if (frame.type !== 'AUTH' && frame.type !== 'NOTICE') subscriptions.onResponse();
    read(frame, bytes);
  }

  /** Responds to a peer's relay only if something needs it: it tells the relay who we are. */
  function onChallenge(challenge: string): void {
    auth.onChallenge(challenge);
    auth.authenticateIfWanted();
    void subscriptions.onChallenge();
  }

  function onNotice(text: string): void {
    if (notices++ < nostrLimits.connection.notices) log.debug('relay notice', { relay: url, text });
    subscriptions.onNotice(text);
    deps.onNotice();
  }

  const read = createFrameReader({ subscriptions, counts, publications, onChallenge, onNotice, onUnasked });

  const publish = createPublishEvent({
    clock,
    isOwn: deps.isOwn,
    info,
    publications,
    auth,
    onRoundTrip(ms) {
      if (!isClosed) deps.onRoundTrip(ms);
    },
  });

  return {
    open: permanent.open,
    onText,
    onUnreadable(head, bytes, why) {
      if (isClosed) return;
      deps.onUnreadable(why);
      subscriptions.onUnreadable(EVENT_FRAME.exec(head)?.[1] ?? '', bytes);
    },
    onInfo() {
      auth.authenticateIfWanted();
      permanent.onAllowedChanged();
      queries.startNext();
    },
    publish,
    query: queries.query,
    count: counts.count,
    resubscribe: permanent.resubscribe,
    sharesSubscription: permanent.isShared,
    carriesDms: permanent.carriesDms,
    refused() {
      const refusal = permanent.dmRefusal();
      const state = refusal && stateOf(refusal.reason);
      return refusal && state && { state, forMs: clock.monotonic() - refusal.at };
    },
    auth: auth.result,
    close() {
      isClosed = true;
      queries.close();
      counts.close();
      publications.close();
      subscriptions.close();
      auth.close();
    },
  };
}

/** Returns a function that passes each frame of the relay to the part that waits for it. */
function createFrameReader(deps: {
  readonly subscriptions: ReturnType<typeof createSubscriptions>;
  readonly counts: ReturnType<typeof createCounts>;
  readonly publications: ReturnType<typeof createPublications>;
  readonly onChallenge: (challenge: string) => void;
  readonly onNotice: (text: string) => void;
  readonly onUnasked: () => void;
}): (frame: RelayFrame, bytes: number) => void {
  const { subscriptions, counts, publications } = deps;
  return (frame, bytes) => {
    switch (frame.type) {
      case 'EVENT':
        return subscriptions.onEvent(frame.subscription, frame.event, bytes);
      case 'EOSE':
        return subscriptions.onEose(frame.subscription, frame.hint);
      case 'CLOSED':
        if (counts.onClosed(frame.subscription)) return;
        return subscriptions.onClosed(frame.subscription, frame.reason);
      case 'COUNT':
        if (!counts.onCount(frame.subscription, frame)) deps.onUnasked();
        return;
      case 'OK':
        return publications.onOk(frame.eventId, frame.accepted, cutReason(frame.reason));
      case 'AUTH':
        return deps.onChallenge(frame.challenge);
      case 'NOTICE':
        return deps.onNotice(cutReason(frame.text));
    }
  };
}

/** Start of an event's frame, with the id of its subscription. */
const EVENT_FRAME = /^\s*\[\s*"EVENT"\s*,\s*"([^"\\]{1,64})"/;

const cutReason = (text: string): string => cutChars(text, limits.relay.reasonChars);

/** Subscriptions that a relay allows at the same time, as far as we use them. */
const allowedSubscriptions = (info: RelayInfo | null): number =>
  Math.min(
    statedLimit(info, 'max_subscriptions') ?? nostrLimits.query.subscriptions,
    nostrLimits.query.subscriptions,
  );
