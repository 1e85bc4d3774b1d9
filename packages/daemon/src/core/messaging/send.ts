import {
  type Clock,
  dayMs,
  hourMs,
  type Random,
  toHex,
  toIso,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import {
  type CallContext,
  cutChars,
  type Input,
  isHex64,
  isNestedWithin,
  limits,
  OcmeshError,
  type Output,
  type Pubkey,
  utf8Bytes,
} from '@ocmesh/shared/contract';
import { chatPayload, controlTypes, dialectOf, envelopeFields } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import { parsePubkey } from '../identity/public-key-text.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { PeerRecord } from '../model/peer.ts';
import { outboxLimits } from '../outbox/limits.ts';
import type { Store, Tables } from '../ports/store.ts';
import type { FirstContacts } from '../trust/first-contact-limit.ts';
import { trustLimits } from '../trust/limits.ts';
import type { LoopGuard } from '../trust/loop-guard.ts';
import type { Policies } from '../trust/policy.ts';
import { messagingLimits } from './limits.ts';

const MID_BYTES = 16;
const KEY_LIFE_MS = messagingLimits.idempotencyHours * hourMs;
const MANY_STRANGERS = `This agent wrote to ${trustLimits.firstContact.perHour} strangers within an hour; the owner is asked before more. Nothing was sent.`;

export type SendMessage = (
  input: Input<'sendMessage'>,
  context?: CallContext,
) => Promise<Output<'sendMessage'>>;

/**
 * Takes a message: the signed bytes are made once, and message, outbox item and idempotency key go to disk in one
 * transaction. Resolves when they are there.
 */
export function createSend(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** A time that no wrong clock has hurried on. */
  readonly confirmedNow: () => UnixMs;
  readonly makeRoom: (tables: Tables) => boolean;
  readonly policies: Policies;
  readonly loopGuard: LoopGuard;
  readonly firstContacts: FirstContacts;
  readonly offer: (items: readonly OutboxItem[]) => void;
}): SendMessage {
  const { identity, store, clock, random, policies, loopGuard, firstContacts } = deps;

  return async (input, context) => {
    const byPerson = context?.owner ?? false;
    const to = parsePubkey(input.to);
    const type = input.type ?? 'text';
    const data = input.data ?? null;
    checkContent(input.content);
    checkType(type, data);
    const nowMs = clock.now();
    const key = input.idempotency_key;
    const request = JSON.stringify([to, input.content, type, data, input.reply_to, input.expires_in_s]);

    let item: OutboxItem | null = null;
    // A refusal that has to be remembered is returned, not thrown: that would undo it.
    const answer = await store.transaction((tables): Output<'sendMessage'> | OcmeshError => {
      const steadyMs = deps.confirmedNow();
      const earlier = key === undefined ? null : earlierAnswer(tables, key, request, steadyMs);
      if (earlier) return earlier;
      const peer = knownPeer(tables, to);
      if (peer.trust === 'blocked') throw new OcmeshError('peer_blocked');
      if (!byPerson && isFirstContact(tables, peer)) {
        const asks = policies.get().first_contact === 'ask';
        if (asks || !firstContacts.take(to)) {
          wish(tables, to, nowMs, input.content);
          return new OcmeshError('first_contact', asks ? {} : { message: MANY_STRANGERS });
        }
      }
      const verdict = loopGuard.judge(tables, peer, byPerson);
      if ('paused' in verdict) return loopSuspected(verdict.paused.untilMs - nowMs);
      const { hops } = verdict;
      checkQueue(tables);
      if (!deps.makeRoom(tables)) throw new OcmeshError('inbox_full');
      const mid = toHex(random.bytes(MID_BYTES));
      const dialect = dialectOf(peer);
      const seq = tables.peers.nextSeq(to);
      const replyTo = input.reply_to ?? null;
      const payload = chatPayload(
        { type, content: input.content, data, mid, tsMs: nowMs, seq, replyTo, hops },
        dialect,
      );
      if (utf8Bytes(payload) > limits.message.plaintextBytes) throw new OcmeshError('content_too_large');
      // In the envelope it has its place already, and there it may be the id of any message.
      const parent = !dialect.envelope && isHex64(replyTo) ? replyTo : null;
      const sealed = identity.sealDm(to, payload, toUnixSec(nowMs), dialect.codec, parent);
      const { event } = sealed;
      const id = dialect.envelope ? mid : sealed.id;
      tables.messages.insert({
        id,
        eventId: event.id,
        peer: to,
        direction: 'out',
        type,
        content: input.content,
        data,
        replyTo,
        thread: null,
        timestampMs: nowMs,
        arrivedAtMs: nowMs,
        read: true,
        state: 'queued',
        deliveredAtMs: null,
        readAtMs: null,
        receiptDue: 'none',
        seq,
        auto: hops > 0,
        hops,
      });
      const lifeMs =
        input.expires_in_s === undefined ? limits.message.days * dayMs : input.expires_in_s * 1000;
      item = { event, peer: to, purpose: 'message', expiresAtMs: nowMs + lifeMs };
      tables.outbox.insert(item);
      const result: Output<'sendMessage'> = { id, to, timestamp: toIso(nowMs), state: 'queued' };
      if (key !== undefined)
        tables.idempotency.put(key, request, JSON.stringify(result), steadyMs, steadyMs - KEY_LIFE_MS);
      return result;
    });
    if (answer instanceof OcmeshError) throw answer;
    if (item) deps.offer([item]);
    return answer;
  };
}

function earlierAnswer(
  tables: Tables,
  key: string,
  request: string,
  nowMs: number,
): Output<'sendMessage'> | null {
  const earlier = tables.idempotency.get(key, nowMs - KEY_LIFE_MS);
  if (!earlier) return null;
  if (earlier.request !== request) throw new OcmeshError('idempotency_conflict');
  return JSON.parse(earlier.answer) as Output<'sendMessage'>;
}

function knownPeer(tables: Tables, pubkey: Pubkey): PeerRecord {
  const peer = tables.peers.get(pubkey);
  if (!peer) throw new OcmeshError('peer_unknown');
  return peer;
}

const isFirstContact = (tables: Tables, { pubkey, trust }: PeerRecord): boolean =>
  trust === 'stranger' &&
  tables.messages.list({ direction: 'all', peer: pubkey, order: 'desc', limit: 1 }).length === 0;

function wish(tables: Tables, to: Pubkey, nowMs: UnixMs, content: string): void {
  if (tables.pendingContacts.list().length >= trustLimits.firstContact.pending) return;
  tables.pendingContacts.put(to, nowMs, cutChars(content, trustLimits.firstContact.pendingChars));
}

const loopSuspected = (pauseMs: number): OcmeshError =>
  new OcmeshError('loop_suspected', { retryAfterSeconds: Math.ceil(pauseMs / 1000) });

function checkQueue(tables: Tables): void {
  if (tables.messages.countByState('queued').queued >= outboxLimits.queued) {
    throw new OcmeshError('outbox_full', { retryAfterSeconds: 60 });
  }
}

// Tab and line ends are text; every other control character (C0, DEL, C1) only serves to deceive a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

function checkContent(content: string): void {
  const problem = CONTROL.test(content)
    ? 'a control character'
    : LONE_SURROGATE.test(content)
      ? 'half a surrogate pair'
      : null;
  if (!problem) return;
  throw new OcmeshError('invalid_request', {
    message: `The content holds ${problem}.`,
    problem: 'control_character',
    details: { field: 'content' },
  });
}

function checkType(type: string, data: Readonly<Record<string, unknown>> | null): void {
  if (controlTypes.includes(type)) {
    throw new OcmeshError('invalid_request', {
      message: 'Messages of this type are sent by the daemon alone.',
      problem: 'reserved_type',
      details: { field: 'type' },
    });
  }
  if (!isNestedWithin(data, limits.message.dataLevels)) {
    throw new OcmeshError('invalid_request', {
      message: `The data is nested deeper than ${limits.message.dataLevels} levels.`,
      details: { field: 'data' },
    });
  }
  const taken = Object.keys(data ?? {}).find((field) => envelopeFields.includes(field));
  if (taken !== undefined) {
    throw new OcmeshError('invalid_request', {
      message: `The envelope has a field named ${taken} already.`,
      problem: 'reserved_field',
      details: { field: `data.${taken}` },
    });
  }
}
