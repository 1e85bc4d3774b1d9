import { type Cancel, type Clock, type Log, type Random, toHex, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type NostrEvent, parseArray } from '@ocmesh/shared/wire';
import type { RawData, WebSocket } from 'ws';
import { checkAuth } from './auth.ts';
import { readReq } from './client-frame.ts';
import type { EventService } from './event-service.ts';
import { matches, type RelayFilter } from './filter.ts';
import type { RelayLimits } from './limits.ts';
import type { Quota } from './rate.ts';
import { sendPaced } from './send-paced.ts';

/** The connection of one client. */
export interface Connection {
  /** Sends the event to the subscriptions that match it, if this client may read it. */
  deliver(event: NostrEvent): void;
  /** Pings; disconnects if the last ping got no pong. */
  probe(): void;
  /** Disconnects without a close frame. */
  drop(): void;
  /** Sends a close frame and disconnects. */
  close(): void;
  subscriptionCount(): number;
}

export interface ConnectionDeps {
  readonly socket: WebSocket;
  readonly quota: Quota;
  /** Hosts that an AUTH event may name. */
  readonly hosts: readonly string[];
  readonly events: EventService;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Checks id and signature of an AUTH event; the real check unless given. */
  readonly isAuthentic?: (event: NostrEvent) => boolean;
  /** Delivers a new event to all clients. */
  broadcast(event: NostrEvent): void;
}

/** A frame from relay to client (NIP-01, NIP-42, NIP-45). */
type Frame = readonly ['AUTH' | 'OK' | 'CLOSED' | 'COUNT' | 'NOTICE', ...unknown[]];

interface Subscription {
  readonly filters: readonly RelayFilter[];
  /** Stops sending the stored events. */
  readonly stopSending: Cancel;
}

const CHALLENGE_BYTES = 16;
/** RFC 6455: going away. */
const GOING_AWAY = 1001;

export function createConnection(deps: ConnectionDeps): Connection {
  const { socket, quota, hosts, events, limits, clock, random, log, broadcast } = deps;
  const challenge = toHex(random.bytes(CHALLENGE_BYTES));
  const keys = new Set<Pubkey>();
  const subscriptions = new Map<string, Subscription>();
  const sendText = createSender(socket, limits.bufferedBytes, log);
  let isAlive = true;

  socket.on('message', onMessage);
  socket.on('pong', () => {
    isAlive = true;
  });
  // Frames that are too large or malformed: ws closes the connection. Without a listener they end the process.
  socket.on('error', (error) => log.debug('client broke the protocol', { error: error.message }));
  socket.on('close', () => {
    for (const id of [...subscriptions.keys()]) unsubscribe(id);
    quota.release();
  });
  send(['AUTH', challenge]);

  function send(frame: Frame): void {
    sendText(JSON.stringify(frame));
  }

  function onMessage(data: RawData, isBinary: boolean): void {
    const reply = handle(isBinary ? null : parseArray(String(data)));
    if (reply) send(reply);
  }

  function handle(frame: readonly unknown[] | null): Frame | null {
    if (!frame) return ['NOTICE', 'invalid: a frame is a JSON array'];
    const [type, ...rest] = frame;
    switch (type) {
      case 'EVENT':
        return onEvent(rest[0]);
      case 'REQ':
        return onReq(rest);
      case 'COUNT':
        return onCount(rest);
      case 'CLOSE':
        return unsubscribe(rest[0]);
      case 'AUTH':
        return onAuth(rest[0]);
      default:
        return ['NOTICE', 'invalid: unknown message type'];
    }
  }

  function onEvent(value: unknown): Frame | null {
    const id = idOf(value);
    if (!quota.mayWrite()) return ['OK', id, false, 'rate-limited: slow down'];
    events.publish(value, keys, ({ accepted, message, toBroadcast }) => {
      if (!accepted) log.debug('refused an event', { reason: message });
      // The OK comes first: the author may be subscribed, too.
      send(['OK', id, accepted, message]);
      if (toBroadcast) broadcast(toBroadcast);
    });
    return null;
  }

  function onReq(rest: readonly unknown[]): Frame | null {
    const reading = readReq(rest, limits);
    if (reading.type === 'notice') return ['NOTICE', reading.text];
    const { id } = reading;
    // A new REQ replaces the one with the same id (NIP-01), even if it is refused.
    unsubscribe(id);
    if (reading.type === 'closed') return ['CLOSED', id, reading.reason];
    if (subscriptions.size >= limits.subscriptions)
      return ['CLOSED', id, 'rate-limited: too many subscriptions'];
    const refusal = events.refuseRead(reading.filters, keys);
    if (refusal !== null) return ['CLOSED', id, refusal];
    const found = events.query(reading.filters, keys);
    // A client that asks for live events only wants no hint about stored ones.
    const isLiveOnly = reading.filters.every(({ limit }) => limit === 0);
    const frames = storedFrames(id, found.events, isLiveOnly ? null : found.hasMore ? 'more' : 'finish');
    const stopSending = sendPaced(socket, frames, limits.sendAheadBytes);
    subscriptions.set(id, { filters: reading.filters, stopSending });
    return null;
  }

  /** NIP-45: has the arguments of a REQ and opens no subscription. */
  function onCount(rest: readonly unknown[]): Frame {
    const reading = readReq(rest, limits);
    if (reading.type === 'notice') return ['NOTICE', reading.text];
    const { id } = reading;
    if (reading.type === 'closed') return ['CLOSED', id, reading.reason];
    const refusal = events.refuseRead(reading.filters, keys);
    if (refusal !== null) return ['CLOSED', id, refusal];
    return ['COUNT', id, { count: events.count(reading.filters, keys) }];
  }

  function unsubscribe(id: unknown): null {
    if (typeof id === 'string') {
      subscriptions.get(id)?.stopSending();
      subscriptions.delete(id);
    }
    return null;
  }

  function onAuth(value: unknown): Frame {
    const id = idOf(value);
    if (!quota.mayWrite()) return ['OK', id, false, 'rate-limited: slow down'];
    if (keys.size >= limits.keys) return ['OK', id, false, 'rate-limited: too many keys on one connection'];
    const nowSec = toUnixSec(clock.now());
    const result = checkAuth(value, {
      challenge,
      hosts,
      nowSec,
      toleranceSec: limits.authSec,
      isAuthentic: deps.isAuthentic,
    });
    if (result.ok) keys.add(result.pubkey);
    return ['OK', id, result.ok, result.ok ? '' : result.reason];
  }

  return {
    deliver(event) {
      if (subscriptions.size === 0 || !events.mayRead(event, keys)) return;
      for (const [id, { filters }] of subscriptions) {
        if (filters.some((filter) => matches(filter, event))) sendText(eventFrame(id, event));
      }
    },
    probe() {
      if (!isAlive) socket.terminate();
      else if (socket.readyState === socket.OPEN) socket.ping();
      isAlive = false;
    },
    drop: () => socket.terminate(),
    close() {
      socket.close(GOING_AWAY);
      // Waiting for the client's close frame would let it decide when we are done.
      socket.terminate();
    },
    subscriptionCount: () => subscriptions.size,
  };
}

/** Returns a function that sends a frame, and disconnects a client with too many unread bytes. */
function createSender(socket: WebSocket, bufferedBytes: number, log: Log): (frame: string) => void {
  return (frame) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > bufferedBytes) {
      log.warn('cut a client that does not read', { buffered_bytes: socket.bufferedAmount });
      socket.terminate();
    } else {
      socket.send(frame);
    }
  };
}

const eventFrame = (id: string, event: NostrEvent): string => JSON.stringify(['EVENT', id, event]);

/** @param hint whether these are all stored events that match (NIP-67) */
function* storedFrames(
  id: string,
  events: readonly NostrEvent[],
  hint: 'finish' | 'more' | null,
): Generator<string, void> {
  for (const event of events) yield eventFrame(id, event);
  yield JSON.stringify(hint === null ? ['EOSE', id] : ['EOSE', id, [hint]]);
}

/** Returns the event id for the OK, or an empty one: the client must be able to match a refusal. */
function idOf(value: unknown): string {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : '';
  return typeof id === 'string' ? id : '';
}
