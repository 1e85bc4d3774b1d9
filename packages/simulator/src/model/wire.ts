import { kinds, type NostrEvent, type Payload, parseEvent, parsePayload } from '@ocmesh/shared/wire';
import { catchUpLimits } from '../../../daemon/src/core/catch-up/limits.ts';
import type { TransparentEngine } from '../crypto/transparent-engine.ts';

/** An event that a machine wrote to a relay. */
interface Written {
  readonly machine: string;
  readonly url: string;
  readonly event: NostrEvent;
  /** What it says, if it is a message. */
  readonly payload: Payload | null;
  readonly atMs: number;
}

/** A query of a catch-up. */
interface Asked {
  readonly machine: string;
  readonly url: string;
  /** Date from which it asks, in seconds. */
  readonly since: number;
}

/** What machines and relays told each other. */
export interface Wire {
  onFrame(machine: string, url: string, direction: '→' | '←', text: string, atMs: number): void;
  /** Returns the last messages that machines wrote. */
  recent(): readonly NostrEvent[];
  /** Calls the listener for each event that a machine writes. */
  onWritten(listener: (written: Written) => void): void;
  /** Calls the listener when a machine asks a relay for what it may have missed of NIP-04. */
  onAsked(listener: (asked: Asked) => void): void;
  /** Calls the listener when a relay tells a machine that it accepted an event. */
  onAccepted(listener: (machine: string, url: string, eventId: string) => void): void;
  /** Calls the listener when an event arrives at a machine, with the subscription or query that brings it. */
  onDelivered(listener: (machine: string, url: string, subscription: string, eventId: string) => void): void;
  /** Returns when the relay last told the machine that it takes nothing from it; -Infinity if it never did. */
  refusedMs(machine: string, url: string): number;
}

/** Reasons that refuse the writer: nothing more is written there for a while if another relay takes it (docs/wire.md). */
const refusesWriter = /^(restricted|blocked|mute):/;

/** Messages that are kept to be copied. */
const RECENT = 200;

export function createWire(engine: TransparentEngine): Wire {
  const written: ((written: Written) => void)[] = [];
  const messages: NostrEvent[] = [];
  const asked: ((asked: Asked) => void)[] = [];
  const accepted: ((machine: string, url: string, eventId: string) => void)[] = [];
  const delivered: ((machine: string, url: string, subscription: string, eventId: string) => void)[] = [];
  const refused = new Map<string, number>();
  return {
    onFrame(machine, url, direction, text, atMs) {
      if (direction === '→' && text.startsWith('["EVENT"')) {
        const event = parseEvent(JSON.parse(text)[1]);
        const payload = event && payloadOf(engine, event);
        if (event && payload) messages.push(event);
        if (messages.length > 2 * RECENT) messages.splice(0, RECENT);
        if (event) for (const listener of written) listener({ machine, url, event, payload, atMs });
      } else if (direction === '→' && text.startsWith('["REQ"')) {
        const filter = catchUpOf(text);
        if (filter) for (const listener of asked) listener({ machine, url, since: filter.since });
      } else if (direction === '←' && text.startsWith('["EVENT"')) {
        const [, subscription] = /^\["EVENT","([^"]*)"/.exec(text) ?? [];
        const [, id] = /"id":"(\w{64})"/.exec(text) ?? [];
        if (subscription && id) for (const listener of delivered) listener(machine, url, subscription, id);
      } else if (direction === '←' && text.startsWith('["OK"')) {
        const [, id, isAccepted, reason] = JSON.parse(text) as [string, string, boolean, string];
        if (refusesWriter.test(reason)) refused.set(`${machine} ${url}`, atMs);
        if (isAccepted) for (const listener of accepted) listener(machine, url, id);
      }
    },
    recent: () => messages,
    onWritten: (listener) => void written.push(listener),
    onAsked: (listener) => void asked.push(listener),
    onAccepted: (listener) => void accepted.push(listener),
    onDelivered: (listener) => void delivered.push(listener),
    refusedMs: (machine, url) => refused.get(`${machine} ${url}`) ?? Number.NEGATIVE_INFINITY,
  };
}

/** Returns the filter of a catch-up's query for NIP-04 messages; null if the REQ is another one, such as the frequent look at the newest ones. */
function catchUpOf(text: string): { readonly since: number } | null {
  if (!text.includes(`"kinds":[${kinds.encryptedDm}],"#p"`)) return null;
  const [, , filter] = JSON.parse(text) as [
    string,
    string,
    { since?: number; until?: number; limit?: number },
  ];
  const { since, until, limit = 0 } = filter;
  return since === undefined || until !== undefined || limit <= catchUpLimits.liveCheckEvents
    ? null
    : { since };
}

/** Returns what a message says, without a key; null if the event is no message. */
function payloadOf(engine: TransparentEngine, event: NostrEvent): Payload | null {
  const plaintext = plaintextOf(engine, event);
  return plaintext === null ? null : parsePayload(plaintext);
}

function plaintextOf(engine: TransparentEngine, event: NostrEvent): string | null {
  if (event.kind === kinds.encryptedDm) return engine.look(event.content);
  if (event.kind !== kinds.giftWrap) return null;
  const seal = engine.look(event.content);
  const rumor = seal && engine.look((JSON.parse(seal) as NostrEvent).content);
  return rumor && (JSON.parse(rumor) as NostrEvent).content;
}
