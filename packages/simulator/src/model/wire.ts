import { kinds, type NostrEvent, type Payload, parseEvent, parsePayload } from '@ocmesh/shared/wire';
import type { TransparentEngine } from '../crypto/transparent-engine.ts';

/** An event that a machine wrote to a relay. */
export interface Written {
  readonly machine: string;
  readonly url: string;
  readonly event: NostrEvent;
  readonly atMs: number;
}

/** What machines and relays told each other. */
export interface Wire {
  onFrame(machine: string, url: string, direction: '→' | '←', text: string, atMs: number): void;
  /** Returns whether a relay told this machine that it accepted this event. */
  isAccepted(machine: string, eventId: string): boolean;
  /** Calls the listener for each event that a machine writes. */
  onWritten(listener: (written: Written) => void): void;
}

export function createWire(): Wire {
  const accepted = new Map<string, Set<string>>();
  const listeners: ((written: Written) => void)[] = [];
  return {
    onFrame(machine, url, direction, text, atMs) {
      if (direction === '→' && text.startsWith('["EVENT"')) {
        const event = parseEvent(JSON.parse(text)[1]);
        if (event) for (const listener of listeners) listener({ machine, url, event, atMs });
      } else if (direction === '←' && text.startsWith('["OK"')) {
        const [, id, isAccepted] = JSON.parse(text) as [string, string, boolean];
        if (!isAccepted) return;
        const ids = accepted.get(machine) ?? new Set();
        accepted.set(machine, ids.add(id));
      }
    },
    isAccepted: (machine, eventId) => accepted.get(machine)?.has(eventId) ?? false,
    onWritten: (listener) => void listeners.push(listener),
  };
}

/** Returns what a message says, without a key; null if the event is no message. */
export function payloadOf(engine: TransparentEngine, event: NostrEvent): Payload | null {
  const plaintext = plaintextOf(engine, event);
  return plaintext === null ? null : parsePayload(plaintext);
}

export function plaintextOf(engine: TransparentEngine, event: NostrEvent): string | null {
  if (event.kind === kinds.encryptedDm) return engine.look(event.content);
  if (event.kind !== kinds.giftWrap) return null;
  const seal = engine.look(event.content);
  const rumor = seal && engine.look((JSON.parse(seal) as NostrEvent).content);
  return rumor && (JSON.parse(rumor) as NostrEvent).content;
}
