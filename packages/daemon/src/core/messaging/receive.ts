import { dayMs, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';
import { type ChatPayload, dialectOf, type Payload } from '@ocmesh/shared/wire';
import { UnwantedRumorError } from '../identity/gift-wrap.ts';
import type { Identity, OpenedDm } from '../identity/identity.ts';
import type { EventHandler } from '../ingest/inspect.ts';
import type { RefusalCounters } from '../ingest/refusal-counters.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { hasEnded, type MessageRecord, type NewMessage, textBytes } from '../model/message.ts';
import { afterMessage, handshakeOf, type PeerRecord } from '../model/peer.ts';
import { accept, refuse, type Source, type Verdict } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { placeOf } from '../trust/admission.ts';
import { hold } from '../trust/held-messages.ts';
import type { Policies } from '../trust/policy.ts';
import type { SenderLimits } from '../trust/sender-limits.ts';
import type { Trust } from '../trust/trust.ts';
import { insertInOrder } from './conversation-order.ts';
import { messagingLimits } from './limits.ts';
import { groupOf, readPayload } from './private-kinds.ts';
import { applyReceipt } from './receipts.ts';
import type { Retention } from './retention.ts';

interface Deps {
  readonly identity: Identity;
  readonly makeRoom: Retention['makeRoom'];
  readonly makeRoomForPeer: Trust['makeRoomForPeer'];
  readonly senderLimits: SenderLimits;
  readonly policies: Policies;
  readonly counters: RefusalCounters;
  /** Takes a message of the owner's phone; null if it is not from there. */
  readonly takeFromOwner: (
    tables: Tables,
    dm: OpenedDm,
    kind: Payload['kind'],
  ) => Verdict<readonly DomainEvent[]> | null;
}

/** Turns direct messages into inbox messages, facts about peers, and delivery states of our own messages. */
export function createDmHandler(deps: Deps): EventHandler {
  const { identity, senderLimits } = deps;
  return {
    remember: true,
    classify: senderLimits.classify,
    open(event, nowMs) {
      let dm: OpenedDm;
      try {
        dm = identity.openDm(event);
      } catch (error) {
        if (error instanceof UnwantedRumorError) return refuse('unwanted_rumor');
        // The same for a wrong key, bad padding and broken UTF-8: no oracle.
        return refuse('undecryptable');
      }
      if (dm.author === identity.pubkey) return refuse('own');
      // The date inside a gift wrap is only a claim: no relay has checked it.
      const createdAtSec = Math.min(dm.createdAtSec, toUnixSec(nowMs));
      const expiresAtMs = dm.expiresAtSec === undefined ? null : dm.expiresAtSec * 1000;
      if (hasEnded({ expiresAtMs }, nowMs)) return refuse('message_expired');
      const payload = readPayload(dm);
      return accept({
        sortSec: createdAtSec,
        sortSeq: payload.kind === 'chat' ? (payload.seq ?? 0) : 0,
        apply(tables, source) {
          // Before the refusals for now: a blocked peer's message must not be fetched again.
          if (tables.peers.get(dm.author)?.trust === 'blocked') return refuse('blocked');
          const ofOwner = deps.takeFromOwner(tables, { ...dm, createdAtSec }, payload.kind);
          if (ofOwner) return ofOwner;
          const taken = senderLimits.take(tables, dm.author, payload, source);
          if ('refused' in taken) return taken;
          const events = take(
            deps,
            tables,
            { ...dm, createdAtSec, expiresAtMs, eventId: event.id },
            payload,
            source,
          );
          // Refused as a whole and without a receipt, so the sender keeps it.
          return events === null ? refuse('inbox_full') : accept(events);
        },
      });
    },
  };
}

interface Dm extends OpenedDm {
  readonly eventId: string;
  readonly expiresAtMs: UnixMs | null;
}

/** Returns null if there is no room for the message. */
function take(deps: Deps, tables: Tables, dm: Dm, payload: Payload, source: Source): DomainEvent[] | null {
  const nowMs = source.receivedAtMs;
  const known = tables.peers.get(dm.author);
  // A peer that writes is stored even if no room can be made for it.
  if (!known) deps.makeRoomForPeer(tables, { writes: true });
  const met = afterMessage(known, dm.author, dm.createdAtSec, nowMs);
  const peer = withCodec(withClaims(met, payload, dm.createdAtSec, nowMs), dm);
  tables.peers.put(peer);

  const events: DomainEvent[] = [{ type: known ? 'peer.seen' : 'peer.discovered', peer }];
  if (handshakeOf(peer) === 'acknowledged' && (!known || handshakeOf(known) !== 'acknowledged')) {
    events.push({ type: 'peer.handshaked', pubkey: peer.pubkey });
  }
  if (payload.kind === 'hello') events.push({ type: 'peer.hello', pubkey: peer.pubkey });
  if (payload.kind === 'receipt') events.push(...applyReceipt(tables, peer.pubkey, payload, nowMs));
  if (payload.kind === 'ping') events.push({ type: 'query.received', peer: peer.pubkey, query: 'ping' });
  if (payload.kind === 'profile' && payload.isQuery) {
    events.push({ type: 'query.received', peer: peer.pubkey, query: 'profile' });
  }
  if (payload.kind !== 'chat') return events;
  const message = withOurId(tables, messageOf(dm, payload, peer, source));
  const received = receive(deps, tables, message, peer, source);
  return received && [...events, ...received];
}

/** Adds what the peer says about itself in a hello, profile or typed message. One older than its presence does not change that. */
function withClaims(peer: PeerRecord, payload: Payload, createdAtSec: number, nowMs: UnixMs): PeerRecord {
  if (payload.kind === 'chat') return { ...peer, version: peer.version ?? payload.version };
  if (payload.kind !== 'hello' && payload.kind !== 'profile') return peer;
  const greeted = payload.kind === 'hello' ? { ...peer, theirHelloAtMs: peer.theirHelloAtMs ?? nowMs } : peer;
  if (createdAtSec < peer.presenceAtSec) return greeted;
  return {
    ...greeted,
    name: payload.name ?? peer.name,
    about: payload.about ?? peer.about,
    capabilities: payload.capabilities.length > 0 ? payload.capabilities : peer.capabilities,
    ...(payload.kind === 'hello' ? { version: payload.version, features: payload.features } : {}),
  };
}

/** A peer that writes gift wraps can read them; only a newer presence or hello revokes that. */
const withCodec = (peer: PeerRecord, { codec, createdAtSec }: Dm): PeerRecord =>
  codec === 'nip17' && !peer.features.includes('nip17') && createdAtSec >= peer.presenceAtSec
    ? { ...peer, features: [...peer.features, 'nip17'] }
    : peer;

/**
 * Stores a chat message. A message of ours, or of another peer, may have the same id.
 * @returns null if there is no room for it
 */
function receive(
  { makeRoom, policies, counters }: Deps,
  tables: Tables,
  message: NewMessage,
  peer: PeerRecord,
  source: Source,
): DomainEvent[] | null {
  // The event's id may be forgotten while the message is still stored.
  if (tables.messages.headOf(message.eventId)) return [];
  // The same message in another event: a rumor in another gift wrap, or a message that was re-signed.
  const earlier = tables.messages.get(message.id);
  const copy = earlier && copyOf(tables, earlier, message);
  if (copy) {
    const { receiptDue } = message;
    // The sender repeats it because our receipt got lost, so the receipt is due again.
    tables.messages.setReceiptDue(copy.id, receiptDue !== 'none' && copy.read ? 'read' : receiptDue);
    return [{ type: 'message.repeated', peer: peer.pubkey }];
  }
  // Its sender repeats it because our receipt got lost. There is nothing left to confirm.
  if (tables.seen.hasRemoved(peer.pubkey, message.id))
    return [{ type: 'message.repeated', peer: peer.pubkey }];
  // A `mid` that is in use cannot be the id here; the event's id always can.
  const own = earlier === null ? message : { ...message, id: message.eventId };
  const place = placeOf(tables, own, peer, policies);
  if ('refused' in place) {
    // Counted here: the event as a whole is accepted, as it may have changed what we know of the peer.
    counters.count(place.refused);
    return [];
  }
  // A copy of a message that is held already takes no more.
  const isHeld = place.ok === 'held' && tables.held.get(own.id)?.peer === peer.pubkey;
  if (!isHeld && !makeRoom(tables, peer.pubkey, textBytes(own))) return null;
  if (place.ok === 'held') {
    hold(tables, own);
    return [{ type: 'request.waiting', pubkey: peer.pubkey }];
  }
  const { arrival, missing } = insertInOrder(tables, own);
  tables.outbox.record(own.eventId, {
    url: source.url,
    outcome: 'accepted',
    reason: null,
    final: true,
    atMs: source.receivedAtMs,
  });
  const received: DomainEvent = { type: 'message.received', id: own.id, peer: peer.pubkey, arrival };
  return missing === 0
    ? [received]
    : [received, { type: 'messages.missing', peer: peer.pubkey, beforeMs: own.timestampMs }];
}

/** Agents without envelopes name a message by the id of its event. */
const withOurId = (tables: Tables, message: NewMessage): NewMessage => ({
  ...message,
  replyTo:
    message.replyTo === null
      ? null
      : (tables.messages.findOutgoing(message.peer, message.replyTo)?.id ?? message.replyTo),
});

/** Returns the message that is this one in another event: under its id or, if that was in use, under that of its event. */
function copyOf({ messages }: Tables, earlier: MessageRecord, message: NewMessage): MessageRecord | null {
  if (isSame(earlier, message)) return earlier;
  const { peer, writtenMs } = message;
  const recent = messages.list({ direction: 'in', peer, order: 'desc', limit: limits.http.pageRows });
  return recent.find((one) => one.writtenMs === writtenMs && isSame(one, message)) ?? null;
}

/**
 * Whether it is the same message in another event. Re-signing keeps the time in the envelope; a sender that counts its ids
 * from 1 again uses them for something else.
 */
function isSame(earlier: MessageRecord, message: NewMessage): boolean {
  const writtenMs = message.writtenMs ?? message.timestampMs;
  return (
    earlier.direction === 'in' &&
    earlier.peer === message.peer &&
    earlier.type === message.type &&
    earlier.content === message.content &&
    JSON.stringify(earlier.data) === JSON.stringify(message.data) &&
    Math.abs((earlier.writtenMs ?? earlier.timestampMs) - writtenMs) < limits.message.days * dayMs
  );
}

const messageOf = (dm: Dm, chat: ChatPayload, peer: PeerRecord, source: Source): NewMessage => ({
  id: chat.mid ?? dm.id,
  eventId: dm.eventId,
  peer: peer.pubkey,
  direction: 'in',
  type: chat.type,
  content: chat.content,
  data: chat.data,
  replyTo: chat.replyTo ?? dm.replyTo,
  thread: chat.thread,
  timestampMs: believedTime(dm.createdAtSec, chat.tsMs),
  arrivedAtMs: source.storedAtMs,
  read: false,
  state: 'received',
  deliveredAtMs: null,
  readAtMs: null,
  receiptDue: dialectOf(peer).receipts ? 'delivered' : 'none',
  seq: chat.seq,
  ...groupOf(dm),
  expiresAtMs: dm.expiresAtMs,
  writtenMs: chat.tsMs ?? dm.createdAtSec * 1000,
  auto: chat.auto,
  hops: chat.hops,
});

/** Returns the sender's milliseconds if they agree with the signed seconds. */
const believedTime = (createdAtSec: number, tsMs: number | null): UnixMs =>
  tsMs !== null && Math.abs(tsMs - createdAtSec * 1000) <= messagingLimits.envelopeTimeMs
    ? tsMs
    : createdAtSec * 1000;
