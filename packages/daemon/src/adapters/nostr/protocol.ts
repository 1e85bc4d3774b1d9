import type { Clock, Log } from '@ocmesh/shared/ambient';
import { cutChars, limits } from '@ocmesh/shared/contract';
import {
  type EventDraft,
  eventFrame,
  type Filter,
  type NostrEvent,
  parseRelayFrame,
} from '@ocmesh/shared/wire';
import type { PublishOutcome, QueryResult, RelayInfo, Subscription } from '../../core/ports/relay-network.ts';
import { createAuthentication } from './auth.ts';
import { nostrLimits } from './limits.ts';
import { preflight, statedLimit } from './preflight.ts';
import { createPublications } from './publications.ts';
import { createQueries } from './queries.ts';
import { type AuthResult, type RefusedState, refusedState } from './refused-state.ts';
import { createSubscriptions } from './subscriptions.ts';

const DM_SUBSCRIPTION = 'dm';

export interface ConversationDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** For NIP-42. */
  readonly sign: (draft: EventDraft) => NostrEvent;
  readonly permanent: readonly Subscription[];
  readonly info: () => RelayInfo | null;
  readonly send: (frame: string) => boolean;
  /** Hangs up: the relay does not answer what it must. */
  readonly giveUp: (reason: string) => void;
  readonly onEvent: (event: unknown) => void;
  readonly onSubscribed: (name: string) => void;
  /** Something is refused that was not, in these words. */
  readonly onRefused: (words: string) => void;
  readonly onOffence: (offence: 'garbage_frame' | 'unasked') => void;
}

/** What is said on one connection after the other (NIP-01, NIP-42). */
export interface Conversation {
  /** On a fresh connection. */
  open(): void;
  onText(text: string, bytes: number): void;
  /** The relay's NIP-11 document arrived. */
  onInfo(): void;
  publish(event: NostrEvent): Promise<PublishOutcome>;
  query(filters: readonly Filter[]): Promise<QueryResult>;
  carriesDms(): boolean;
  /** Our message subscription is refused for good, and for how long already. */
  refused(): { readonly state: RefusedState; readonly forMs: number } | null;
  auth(): AuthResult;
  roundTripMs(): number | null;
  /** The connection is gone. */
  reset(): void;
}

export function createConversation(deps: ConversationDeps): Conversation {
  const { url, clock, log, permanent, info, send } = deps;
  let carriesDms = false;
  let refusal: { readonly words: string; readonly at: number } | null = null;
  let roundTripMs: number | null = null;
  let notices = 0;
  let isIntroduced = false;
  let served: readonly Subscription[] = [];

  const publications = createPublications({ clock, send });
  const auth = createAuthentication({
    url,
    clock,
    sign: deps.sign,
    send: publications.authenticate,
    onRefused(words) {
      log.warn('relay auth failed', { relay: url, reason: words });
      deps.onRefused(`relay auth failed: ${words}`);
    },
  });
  const stateOf = (words: string): RefusedState | null => refusedState(words, auth.result(), info());
  const subscriptions = createSubscriptions({
    clock,
    send,
    authenticate: auth.authenticate,
    giveUp: () => deps.giveUp('no answer to a subscription'),
    isFinal: (words) => stateOf(words) !== null,
    onAskedAgain: auth.renew,
    onUnasked: () => deps.onOffence('unasked'),
    onRefused(name, words) {
      const kept = cutChars(words, limits.relay.reasonChars);
      if (name === DM_SUBSCRIPTION) {
        carriesDms = false;
        refusal = { words: kept, at: clock.monotonic() };
      }
      log.warn('relay refused a subscription', { relay: url, subscription: name, reason: kept });
      deps.onRefused(kept);
    },
  });
  const queries = createQueries({
    clock,
    subscriptions,
    slots: () => room() - served.length,
    onGarbage: () => deps.onOffence('garbage_frame'),
  });

  /** Subscriptions that the relay allows us at the same time. */
  const room = (): number =>
    Math.min(
      statedLimit(info(), 'max_subscriptions') ?? nostrLimits.query.subscriptions,
      nostrLimits.query.subscriptions,
    );

  function subscribe({ name, filters }: Subscription): void {
    subscriptions.add({
      id: name,
      permanent: true,
      filters,
      onEvent: deps.onEvent,
      onEose() {
        if (name === DM_SUBSCRIPTION) {
          carriesDms = true;
          refusal = null;
        }
        deps.onSubscribed(name);
      },
      onEnd() {},
    });
  }

  /** To a relay that serves nobody whom it does not know, once for each connection. */
  function introduceOurselves(): void {
    if (isIntroduced || !auth.hasChallenge() || info()?.limitation['auth_required'] !== true) return;
    isIntroduced = true;
    void auth.authenticate();
  }

  function onChallenge(challenge: string): void {
    // Else answered only when something needs it: it tells the relay who we are.
    auth.onChallenge(challenge);
    introduceOurselves();
    void subscriptions.onChallenge();
  }

  function onNotice(text: string): void {
    const kept = cutChars(text, limits.relay.reasonChars);
    if (notices++ < nostrLimits.connection.notices) log.debug('relay notice', { relay: url, text: kept });
    subscriptions.onNotice(kept);
  }

  return {
    open() {
      const dmFirst = [...permanent].sort(
        (a, b) => Number(b.name === DM_SUBSCRIPTION) - Number(a.name === DM_SUBSCRIPTION),
      );
      // A place stays free for questions.
      served = permanent.length < room() ? permanent : dmFirst.slice(0, Math.max(1, room() - 1));
      for (const subscription of served) subscribe(subscription);
    },
    onText(text, bytes) {
      const frame = parseRelayFrame(text);
      if (!frame) return deps.onOffence('garbage_frame');
      switch (frame.type) {
        case 'EVENT':
          return subscriptions.onEvent(frame.subscription, frame.event, bytes);
        case 'EOSE':
          return subscriptions.onEose(frame.subscription);
        case 'CLOSED':
          return subscriptions.onClosed(frame.subscription, frame.reason);
        case 'OK':
          return publications.onOk(
            frame.eventId,
            frame.accepted,
            cutChars(frame.reason, limits.relay.reasonChars),
          );
        case 'AUTH':
          return onChallenge(frame.challenge);
        case 'NOTICE':
          return onNotice(frame.text);
      }
    },
    onInfo() {
      introduceOurselves();
      queries.startNext();
    },
    async publish(event) {
      const frame = eventFrame(event);
      const own = preflight(frame, info());
      if (own) return own;
      const startedAt = clock.monotonic();
      const first = await publications.publish(event.id, frame);
      if (first.outcome !== 'offline' && first.outcome !== 'timeout') {
        roundTripMs = Math.round((clock.monotonic() - startedAt) * 10) / 10;
      }
      if (first.prefix !== 'auth-required' || first.outcome !== 'rejected') return first;
      return (await auth.authenticate()) ? publications.publish(event.id, frame) : first;
    },
    query: queries.query,
    carriesDms: () => carriesDms,
    refused() {
      const state = refusal && stateOf(refusal.words);
      return refusal && state && { state, forMs: clock.monotonic() - refusal.at };
    },
    auth: auth.result,
    roundTripMs: () => roundTripMs,
    reset() {
      carriesDms = false;
      refusal = null;
      notices = 0;
      isIntroduced = false;
      queries.reset();
      publications.reset();
      subscriptions.reset();
      auth.reset();
      served = [];
    },
  };
}
