import {
  type Clock,
  type ConfirmedMs,
  dayMs,
  hourMs,
  type Random,
  toHex,
  toIso,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import {
  type CallContext,
  cutChars,
  type Input,
  limits,
  OcmeshError,
  type Output,
  type Pubkey,
} from '@ocmesh/shared/contract';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { textBytes } from '../model/message.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { PeerRecord } from '../model/peer.ts';
import { outboxLimits } from '../outbox/limits.ts';
import { findProfile } from '../peers/find-peer.ts';
import type { Store, Tables } from '../ports/store.ts';
import type { FirstContacts } from '../trust/first-contact-limit.ts';
import { trustLimits } from '../trust/limits.ts';
import type { LoopGuard } from '../trust/loop-guard.ts';
import type { Policies } from '../trust/policy.ts';
import { checkMessage } from './check-message.ts';
import { type ComposedMessage, composeMessage } from './compose-message.ts';
import { messagingLimits } from './limits.ts';
import type { Retention } from './retention.ts';

const MID_BYTES = 16;
const KEY_LIFE_MS = messagingLimits.idempotencyHours * hourMs;
const MANY_STRANGERS = `This agent wrote to ${trustLimits.firstContact.perHour} strangers within an hour; more need the owner's approval. Nothing was sent.`;

type Response = Output<'sendMessage'>;

export type SendMessage = (input: Input<'sendMessage'>, context?: CallContext) => Promise<Response>;

/** A call with valid input. */
interface SendCall {
  readonly to: Pubkey;
  /** Relays that the caller named for the receiver. */
  readonly relays: readonly string[];
  readonly type: string;
  readonly content: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly replyTo: string | null;
  readonly lifeMs: number;
  /** Sent by a person, not by an agent. */
  readonly byPerson: boolean;
  readonly nowMs: UnixMs;
  readonly idempotencyKey: string | undefined;
  /** Everything that another call under the same idempotency key has to repeat. */
  readonly repeated: string;
}

type Decision =
  | { readonly peer: PeerRecord; readonly hops: number }
  | {
      readonly refused: OcmeshError;
      /** The refusal wrote something that must be kept: a pending contact, or a pause of the conversation. */
      readonly isRecorded: boolean;
      readonly events: readonly DomainEvent[];
    };

/**
 * Accepts messages. The bytes are signed once; message, outbox item and idempotency key are stored in one transaction,
 * and the call resolves when that is on disk.
 */
export function createSend(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Time that no jump of the clock moves: a key that is forgotten too early sends twice. */
  readonly confirmedNow: () => ConfirmedMs;
  readonly hashOf: (text: string) => string;
  readonly makeRoomToSend: Retention['makeRoomToSend'];
  readonly policies: Policies;
  readonly loopGuard: LoopGuard;
  readonly firstContacts: FirstContacts;
  readonly offer: (items: readonly OutboxItem[]) => void;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): SendMessage {
  const { identity, store, clock, random, policies, loopGuard, firstContacts } = deps;

  /** Whether the message may go. The first reason against it counts. */
  function decide(tables: Tables, call: SendCall): Decision {
    const { to, byPerson, nowMs } = call;
    // What the agent wrote there would look like the daemon's own words.
    if (tables.owner.get()?.pubkey === to) return refuse(new OcmeshError('owner_key'));
    const peer = tables.peers.get(to);
    if (!peer) return refuse(new OcmeshError('peer_unknown'));
    if (peer.trust === 'blocked') return refuse(new OcmeshError('peer_blocked'));
    if (!byPerson && isFirstContact(tables, peer)) {
      const needsApproval = policies.get().first_contact === 'ask';
      if (needsApproval || !firstContacts.take(to)) {
        const isNew = recordPendingContact(tables, call, deps.confirmedNow());
        return {
          refused: new OcmeshError('first_contact', needsApproval ? {} : { message: MANY_STRANGERS }),
          isRecorded: true,
          events: isNew ? [{ type: 'request.waiting', pubkey: to }] : [],
        };
      }
    }
    const verdict = loopGuard.decide(tables, peer, byPerson);
    if ('paused' in verdict) {
      const retryAfterSeconds = Math.ceil((verdict.paused.untilMs - nowMs) / 1000);
      return {
        refused: new OcmeshError('loop_suspected', { retryAfterSeconds }),
        isRecorded: true,
        events: verdict.isNew ? [{ type: 'conversation.paused', pubkey: to }] : [],
      };
    }
    const isFull = tables.messages.countByState('queued').queued >= outboxLimits.queued;
    if (isFull || !deps.makeRoomToSend(tables, to, textBytes(call)))
      return refuse(new OcmeshError('outbox_full', { retryAfterSeconds: 60 }));
    return { peer, hops: verdict.hops };
  }

  return async (input, context) => {
    const call = callOf(store, input, context, clock);
    const outcome = await store.transaction((tables) => {
      const confirmedMs = deps.confirmedNow();
      const earlier = earlierResponse(tables, call, deps.hashOf, confirmedMs);
      if (earlier) return { response: earlier, items: [] };
      const decision = decide(tables, call);
      if ('refused' in decision) {
        // Throwing rolls back what the decision wrote.
        if (!decision.isRecorded) throw decision.refused;
        return decision;
      }
      const { peer, hops } = decision;
      // Not from an agent: somebody who made up the nprofile could learn our address at its own relay.
      if (call.byPerson && call.relays.length > 0) tables.relayLists.setHints(peer.pubkey, call.relays);
      const mid = toHex(random.bytes(MID_BYTES));
      const seq = tables.peers.nextSeq(peer.pubkey);
      const composed = composeMessage(identity, peer, { ...call, confirmedMs, mid, seq, hops });
      const response = insert(tables, composed, call, deps.hashOf, confirmedMs);
      return { response, items: [composed.item] };
    });
    if ('refused' in outcome) {
      deps.emit(outcome.events);
      throw outcome.refused;
    }
    if (outcome.items.length > 0) deps.offer(outcome.items);
    return outcome.response;
  };
}

/** @throws OcmeshError `invalid_pubkey`, `peer_ambiguous`, `peer_unknown`, `invalid_request` */
function callOf(
  store: Store,
  input: Input<'sendMessage'>,
  context: CallContext | undefined,
  clock: Pick<Clock, 'now'>,
): SendCall {
  const { content, type = 'text', data = null, reply_to: replyTo, expires_in_s: lifeSec } = input;
  const { pubkey: to, relays } = store.peek((tables) => findProfile(tables, input.to));
  checkMessage(content, type, data);
  return {
    to,
    relays,
    type,
    content,
    data,
    replyTo: replyTo ?? null,
    lifeMs: lifeSec === undefined ? limits.message.days * dayMs : lifeSec * 1000,
    byPerson: context?.owner ?? false,
    nowMs: clock.now(),
    idempotencyKey: input.idempotency_key,
    repeated: JSON.stringify([to, content, type, data, replyTo, lifeSec]),
  };
}

const refuse = (refused: OcmeshError): Decision => ({ refused, isRecorded: false, events: [] });

const isFirstContact = (tables: Tables, { pubkey, trust }: PeerRecord): boolean =>
  trust === 'stranger' &&
  tables.messages.list({ direction: 'all', peer: pubkey, order: 'desc', limit: 1 }).length === 0;

/** Records for the owner that the agent wants to write to this stranger. @returns whether the owner did not know yet */
function recordPendingContact(
  { pendingContacts }: Tables,
  { to, content }: SendCall,
  confirmedMs: ConfirmedMs,
): boolean {
  const pending = pendingContacts.list();
  if (pending.length >= trustLimits.firstContact.pending) return false;
  pendingContacts.put(to, confirmedMs, cutChars(content, trustLimits.firstContact.pendingChars));
  return !pending.some(({ peer }) => peer === to);
}

/** Returns the response to an earlier call under the same key. @throws OcmeshError `idempotency_conflict` */
function earlierResponse(
  tables: Tables,
  { idempotencyKey, repeated }: SendCall,
  hashOf: (text: string) => string,
  confirmedMs: ConfirmedMs,
): Response | null {
  if (idempotencyKey === undefined) return null;
  const earlier = tables.idempotency.get(idempotencyKey, confirmedMs - KEY_LIFE_MS);
  if (!earlier) return null;
  // Versions up to 0.3 stored the whole call.
  if (earlier.call !== hashOf(repeated) && earlier.call !== repeated)
    throw new OcmeshError('idempotency_conflict');
  return JSON.parse(earlier.response) as Response;
}

function insert(
  tables: Tables,
  { message, item }: ComposedMessage,
  { idempotencyKey, repeated, nowMs }: SendCall,
  hashOf: (text: string) => string,
  confirmedMs: ConfirmedMs,
): Response {
  tables.messages.insert(message);
  tables.outbox.insert(item);
  const response: Response = { id: message.id, to: message.peer, timestamp: toIso(nowMs), state: 'queued' };
  if (idempotencyKey !== undefined) {
    const serialized = JSON.stringify(response);
    tables.idempotency.put(
      idempotencyKey,
      hashOf(repeated),
      serialized,
      confirmedMs,
      confirmedMs - KEY_LIFE_MS,
    );
  }
  return response;
}
