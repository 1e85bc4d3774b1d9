import { toHex } from '@ocmesh/shared/ambient';
import { kinds, type NostrEvent, parseEvent, tagValue } from '@ocmesh/shared/wire';
import { verifyEvent } from 'nostr-tools/pure';
import type { Client, Frame, RelayHands } from './conduct.ts';

const privateKinds: readonly number[] = [kinds.encryptedDm, kinds.giftWrap];

/** Whether the frame asks for direct messages. */
export const asksForDms = ([type, , ...filters]: Frame): boolean =>
  type === 'REQ' &&
  filters.some((filter) =>
    (filter as { kinds?: number[] }).kinds?.some((kind) => privateKinds.includes(kind)),
  );

/** NIP-42 at the door of a relay. */
export interface Gate {
  challenge(client: Client): void;
  /** Answers an AUTH as it ought to be answered. */
  onAuth(event: unknown, client: Client): void;
  isIn(client: Client): boolean;
  /** The next request needs a new answer to a new challenge. */
  forget(client: Client): void;
  /** NIP-42: only its sender and its addressee read a direct message. */
  mayRead(event: NostrEvent, client: Client): boolean;
}

export function createGate(relay: RelayHands): Gate {
  const keysOf = (client: Client): Set<string> => {
    const keys = (client.notes.get('keys') as Set<string> | undefined) ?? new Set();
    client.notes.set('keys', keys);
    return keys;
  };

  return {
    challenge(client) {
      const challenge = toHex(relay.random.bytes(16));
      client.notes.set('challenge', challenge);
      client.send(['AUTH', challenge]);
    },
    onAuth(value, client) {
      const event = parseEvent(value);
      const isRight =
        event?.kind === kinds.clientAuth &&
        tagValue(event, 'challenge') === client.notes.get('challenge') &&
        portOf(tagValue(event, 'relay') ?? '') === String(relay.port) &&
        verifyEvent({ ...event, tags: event.tags.map((tag) => [...tag]) });
      if (isRight) keysOf(client).add(event.pubkey);
      client.send(['OK', event?.id ?? '', isRight, isRight ? '' : 'error: auth event failed validation']);
    },
    isIn: (client) => keysOf(client).size > 0,
    forget: (client) => keysOf(client).clear(),
    mayRead(event, client) {
      if (!privateKinds.includes(event.kind)) return true;
      const keys = keysOf(client);
      return (
        keys.has(event.pubkey) || event.tags.some(([tag, value]) => tag === 'p' && keys.has(value ?? ''))
      );
    },
  };
}

const portOf = (url: string): string | null => (URL.canParse(url) ? new URL(url).port : null);
