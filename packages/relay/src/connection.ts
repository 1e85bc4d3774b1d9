import { type Cancel, type Clock, type Log, type Random, toHex, toUnixSec } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type NostrEvent, parseArray } from '@ocmesh/shared/wire';
import type { RawData, WebSocket } from 'ws';
import { sendAnswer } from './answer.ts';
import { checkAuth } from './auth.ts';
import { readRequest } from './client-frame.ts';
import type { EventService } from './event-service.ts';
import { matches, type RelayFilter } from './filter.ts';
import type { RelayLimits } from './limits.ts';
import type { Visit } from './rate.ts';

/** One client. */
export interface Connection {
  /** Sends the event to the subscriptions that want it, if this client may read it. */
  deliver(event: NostrEvent): void;
  /** Pings; hangs up if the last ping got no answer. */
  probe(): void;
  /** Breaks off without a word. */
  drop(): void;
  /** Says goodbye and breaks off. */
  close(): void;
  subscriptionCount(): number;
}

export interface ConnectionDeps {
  readonly socket: WebSocket;
  readonly visit: Visit;
  /** Hosts that an AUTH may name. */
  readonly hosts: readonly string[];
  readonly desk: EventService;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Takes what all clients should hear about. */
  announce(event: NostrEvent): void;
}

/** What a relay says (NIP-01). */
type Frame = readonly ['AUTH' | 'OK' | 'CLOSED' | 'NOTICE', ...unknown[]];

interface Subscription {
  readonly filters: readonly RelayFilter[];
  readonly stopAnswer: Cancel;
}

const CHALLENGE_BYTES = 16;
/** RFC 6455: going away. */
const GOING_AWAY = 1001;

export function createConnection(deps: ConnectionDeps): Connection {
  const { socket, visit, hosts, desk, limits, clock, random, log, announce } = deps;
  const challenge = toHex(random.bytes(CHALLENGE_BYTES));
  const keys = new Set<Pubkey>();
  const subscriptions = new Map<string, Subscription>();
  let isAlive = true;

  socket.on('message', onMessage);
  socket.on('pong', () => {
    isAlive = true;
  });
  // Frames that are too large or malformed: ws answers and closes by itself. Without a listener they end the process.
  socket.on('error', (error) => log.debug('client broke the protocol', { error: error.message }));
  socket.on('close', () => {
    for (const id of [...subscriptions.keys()]) unsubscribe(id);
    visit.leave();
  });
  send(['AUTH', challenge]);

  function send(frame: Frame): void {
    sendText(JSON.stringify(frame));
  }

  function sendText(frame: string): void {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > limits.bufferedBytes) {
      log.warn('cut a client that does not read', { buffered_bytes: socket.bufferedAmount });
      socket.terminate();
    } else {
      socket.send(frame);
    }
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
        return onRequest(rest);
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
    if (!visit.mayWrite()) return ['OK', id, false, 'rate-limited: slow down'];
    const { accepted, answer, news } = desk.publish(value, keys);
    if (!accepted) log.debug('refused an event', { reason: answer });
    // Before the news: its author may be subscribed too, and first wants to know that it went out.
    send(['OK', id, accepted, answer]);
    if (news) announce(news);
    return null;
  }

  function onRequest(rest: readonly unknown[]): Frame | null {
    const reading = readRequest(rest, limits);
    if (reading.type === 'notice') return ['NOTICE', reading.text];
    const { id } = reading;
    // A new REQ replaces the one of the same id (NIP-01), and a refused one leaves none behind.
    unsubscribe(id);
    if (reading.type === 'closed') return ['CLOSED', id, reading.reason];
    if (subscriptions.size >= limits.subscriptions)
      return ['CLOSED', id, 'rate-limited: too many subscriptions'];
    const refusal = desk.refuseRead(reading.filters, keys);
    if (refusal !== null) return ['CLOSED', id, refusal];
    const frames = answerFrames(id, desk.stored(reading.filters, keys));
    const stopAnswer = sendAnswer(socket, frames, limits.answerBytes);
    subscriptions.set(id, { filters: reading.filters, stopAnswer });
    return null;
  }

  function unsubscribe(id: unknown): null {
    if (typeof id === 'string') {
      subscriptions.get(id)?.stopAnswer();
      subscriptions.delete(id);
    }
    return null;
  }

  function onAuth(value: unknown): Frame {
    const id = idOf(value);
    if (!visit.mayWrite()) return ['OK', id, false, 'rate-limited: slow down'];
    if (keys.size >= limits.keys) return ['OK', id, false, 'rate-limited: too many keys on one connection'];
    const nowSec = toUnixSec(clock.now());
    const result = checkAuth(value, { challenge, hosts, nowSec, toleranceSec: limits.authSec });
    if (result.ok) keys.add(result.pubkey);
    return ['OK', id, result.ok, result.ok ? '' : result.reason];
  }

  return {
    deliver(event) {
      if (subscriptions.size === 0 || !desk.mayRead(event, keys)) return;
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
      // Waiting for the client's answer would let it decide when we are done.
      socket.terminate();
    },
    subscriptionCount: () => subscriptions.size,
  };
}

const eventFrame = (id: string, event: NostrEvent): string => JSON.stringify(['EVENT', id, event]);

function* answerFrames(id: string, events: readonly NostrEvent[]): Generator<string, void> {
  for (const event of events) yield eventFrame(id, event);
  yield JSON.stringify(['EOSE', id]);
}

/** The id to answer to, as far as there is one: a refusal must reach the client's bookkeeping. */
function idOf(value: unknown): string {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : '';
  return typeof id === 'string' ? id : '';
}
