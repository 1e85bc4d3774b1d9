import { toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { type ChatPayload, dialectOf, type Payload, parsePayload } from '@ocmesh/shared/wire';
import type { Identity, OpenedDm } from '../identity/identity.ts';
import type { EventHandler } from '../ingest/inspect.ts';
import type { RefusalCounters } from '../ingest/refusal-counters.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { NewMessage } from '../model/message.ts';
import { afterMessage, handshakeOf, type PeerRecord } from '../model/peer.ts';
import { Deferred, type Source } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { hold, placeOf } from '../trust/admission.ts';
import type { Policies } from '../trust/policy.ts';
import type { SenderLimits } from '../trust/sender-limits.ts';
import { messagingLimits } from './limits.ts';
import { applyReceipt } from './receipts.ts';

interface Deps {
  readonly identity: Identity;
  /** Room for one more message? */
  readonly makeRoom: (tables: Tables) => boolean;
  readonly makeRoomForPeer: (tables: Tables) => boolean;
  readonly senders: SenderLimits;
  readonly policies: Policies;
  readonly counters: RefusalCounters;
}

/** Direct messages → the inbox, the peer book and the ladder of our own messages. */
export function createDmHandler(deps: Deps): EventHandler {
  const { identity, makeRoom, senders } = deps;
  return {
    remember: true,
    look: senders.look,
    open(event, nowMs) {
      let dm: OpenedDm;
      try {
        dm = identity.openDm(event);
      } catch {
        // One answer for a wrong key, bad padding and broken UTF-8: no oracle.
        return { refusal: 'undecryptable' };
      }
      if (dm.author === identity.pubkey) return { refusal: 'own' };
      // The date inside a gift wrap is the sender's word, and no relay looked at it.
      const createdAtSec = Math.min(dm.createdAtSec, toUnixSec(nowMs));
      const payload = parsePayload(dm.plaintext);
      return {
        sortSec: createdAtSec,
        sortSeq: payload.kind === 'chat' ? (payload.seq ?? 0) : 0,
        apply(tables, source) {
          // First of all: a message that is put off is asked for again.
          if (tables.peers.get(dm.author)?.trust === 'blocked') {
            deps.counters.count('blocked');
            return [];
          }
          const refused = senders.refuse(tables, dm.author, payload, source);
          if (refused) return refused;
          // Refused as a whole, without a receipt: the sender goes on holding it.
          if (payload.kind === 'chat' && !makeRoom(tables)) throw new Deferred('inbox_full');
          return take(deps, tables, { ...dm, createdAtSec, eventId: event.id }, payload, source);
        },
      };
    },
  };
}

interface Dm extends OpenedDm {
  readonly eventId: string;
}

function take(deps: Deps, tables: Tables, dm: Dm, payload: Payload, source: Source): DomainEvent[] {
  const nowMs = source.receivedAtMs;
  const known = tables.peers.get(dm.author);
  // Whoever writes gets a place even where none can be made.
  if (!known) deps.makeRoomForPeer(tables);
  const met = afterMessage(known, dm.author, dm.createdAtSec, nowMs);
  const peer = withCodec(withClaims(met, payload, dm.createdAtSec, nowMs), dm);
  tables.peers.put(peer);

  const events: DomainEvent[] = [{ type: known ? 'peer.seen' : 'peer.discovered', peer }];
  if (handshakeOf(peer) === 'acknowledged' && (!known || handshakeOf(known) !== 'acknowledged')) {
    events.push({ type: 'peer.handshaked', pubkey: peer.pubkey });
  }
  if (payload.kind === 'receipt') events.push(...applyReceipt(tables, peer.pubkey, payload, nowMs));
  if (payload.kind === 'ping') events.push({ type: 'query.received', peer: peer.pubkey, query: 'ping' });
  // A profile without content asks for ours.
  if (payload.kind === 'profile' && !payload.name && !payload.about && payload.capabilities.length === 0) {
    events.push({ type: 'query.received', peer: peer.pubkey, query: 'profile' });
  }
  if (payload.kind === 'chat')
    events.push(...receive(deps, tables, messageOf(dm, payload, peer, source), peer, source));
  return events;
}

/** What the peer says about itself in a hello or profile; an old one does not undo a newer presence. */
function withClaims(peer: PeerRecord, payload: Payload, createdAtSec: number, nowMs: UnixMs): PeerRecord {
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

/** Who writes in gift wraps reads them; only a newer presence or hello takes that back. */
const withCodec = (peer: PeerRecord, { codec, createdAtSec }: Dm): PeerRecord =>
  codec === 'nip17' && !peer.features.includes('nip17') && createdAtSec >= peer.presenceAtSec
    ? { ...peer, features: [...peer.features, 'nip17'] }
    : peer;

/** A stored message of ours, or of somebody else, may bear the same id. */
function receive(
  { policies, counters }: Deps,
  tables: Tables,
  message: NewMessage,
  peer: PeerRecord,
  source: Source,
): DomainEvent[] {
  // Its event's id may have been forgotten while the message is still there.
  if (tables.messages.findByEvent(message.eventId)) return [];
  // The same rumor may come in several gift wraps.
  const earlier = tables.messages.get(message.id);
  if (earlier?.direction === 'in' && earlier.peer === peer.pubkey) {
    const { receiptDue } = message;
    // The same message in another event: our receipt got lost, so it is due again.
    tables.messages.setReceiptDue(earlier.id, receiptDue !== 'none' && earlier.read ? 'read' : receiptDue);
    return [];
  }
  // A `mid` that another conversation uses cannot be the id here; the event's own id always can.
  const own = earlier === null ? message : { ...message, id: message.eventId };
  const place = placeOf(tables, own, peer, policies);
  if (typeof place === 'object') {
    counters.count(place.refusal);
    return [];
  }
  if (place === 'held') {
    hold(tables, own);
    return [{ type: 'request.held', pubkey: peer.pubkey }];
  }
  const arrival = tables.messages.insert(own);
  tables.outbox.record(own.eventId, {
    url: source.url,
    outcome: 'accepted',
    reason: null,
    final: true,
    atMs: source.receivedAtMs,
  });
  return [{ type: 'message.received', id: own.id, peer: peer.pubkey, arrival }];
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
  arrivedAtMs: source.receivedAtMs,
  read: false,
  state: 'received',
  deliveredAtMs: null,
  readAtMs: null,
  receiptDue: dialectOf(peer).receipts ? 'delivered' : 'none',
  seq: null,
  auto: chat.auto,
  hops: chat.hops,
});

/** The sender's milliseconds where they agree with the signed seconds. */
const believedTime = (createdAtSec: number, tsMs: number | null): UnixMs =>
  tsMs !== null && Math.abs(tsMs - createdAtSec * 1000) <= messagingLimits.envelopeTimeMs
    ? tsMs
    : createdAtSec * 1000;
