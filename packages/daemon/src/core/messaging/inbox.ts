import type { UnixMs } from '@ocmesh/shared/ambient';
import {
  type ChatPayload,
  dialectOf,
  type NostrEvent,
  type Payload,
  parsePayload,
} from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { EventHandler, Source } from '../ingest/pipeline.ts';
import { Deferred } from '../ingest/verdict.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import { afterMessage, handshakeOf, type PeerRecord } from '../model/peer.ts';
import type { Tables } from '../ports/store.ts';
import { applyReceipt } from './receipts.ts';

/** How far a sender's milliseconds may differ from its event's seconds and still be believed. */
const TS_TOLERANCE_MS = 2000;

/** Room for one more message? */
type MakeRoom = (tables: Tables) => boolean;

/** Direct messages → the inbox, the peer book and the ladder of our own messages. */
export function createDmHandler(identity: Identity, makeRoom: MakeRoom): EventHandler {
  return {
    remember: true,
    open(event) {
      let payload: Payload;
      try {
        payload = parsePayload(identity.openDm(event));
      } catch {
        // One answer for a wrong key, bad padding and broken UTF-8: no oracle.
        return { refusal: 'undecryptable' };
      }
      return {
        sortSeq: payload.kind === 'chat' ? (payload.seq ?? 0) : 0,
        apply(tables, source) {
          // Refused as a whole, without a receipt: the sender goes on holding it.
          if (payload.kind === 'chat' && !makeRoom(tables)) throw new Deferred('inbox_full');
          return take(tables, event, payload, source);
        },
      };
    },
  };
}

function take(tables: Tables, event: NostrEvent, payload: Payload, source: Source): DomainEvent[] {
  const nowMs = source.receivedAtMs;
  const known = tables.peers.get(event.pubkey);
  if (known?.trust === 'blocked') return [];
  const met = afterMessage(known, event.pubkey, event.created_at, nowMs);
  const peer = withClaims(met, payload, event.created_at, nowMs);
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
  if (payload.kind === 'chat') events.push(...store(tables, event, payload, peer, source));
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

function store(
  tables: Tables,
  event: NostrEvent,
  chat: ChatPayload,
  peer: PeerRecord,
  source: Source,
): DomainEvent[] {
  const receiptDue = dialectOf(peer).receipts ? 'delivered' : 'none';
  // Its id may have been forgotten while the message is still there.
  if (tables.messages.findByEvent(event.id)) return [];
  const earlier = chat.mid === null ? null : tables.messages.get(chat.mid);
  if (earlier?.direction === 'in' && earlier.peer === peer.pubkey) {
    // The same message in another event: our receipt got lost, so it is due again.
    tables.messages.setReceiptDue(earlier.id, receiptDue !== 'none' && earlier.read ? 'read' : receiptDue);
    return [];
  }
  // A `mid` that another conversation uses cannot be the id here; the event's own id always can.
  const id = chat.mid !== null && earlier === null ? chat.mid : event.id;
  const arrival = tables.messages.insert({
    id,
    eventId: event.id,
    peer: peer.pubkey,
    direction: 'in',
    type: chat.type,
    content: chat.content,
    data: chat.data,
    replyTo: chat.replyTo,
    thread: chat.thread,
    timestampMs: believedTime(event.created_at, chat.tsMs),
    arrivedAtMs: source.receivedAtMs,
    read: false,
    state: 'received',
    deliveredAtMs: null,
    readAtMs: null,
    receiptDue,
  });
  tables.outbox.record(event.id, {
    url: source.url,
    outcome: 'accepted',
    reason: null,
    final: true,
    atMs: source.receivedAtMs,
  });
  return [{ type: 'message.received', id, peer: peer.pubkey, arrival }];
}

/** The sender's milliseconds where they agree with the signed seconds. */
const believedTime = (createdAtSec: number, tsMs: number | null): UnixMs =>
  tsMs !== null && Math.abs(tsMs - createdAtSec * 1000) <= TS_TOLERANCE_MS ? tsMs : createdAtSec * 1000;
