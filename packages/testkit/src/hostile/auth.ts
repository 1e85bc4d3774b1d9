import { toHex } from '@ocmesh/shared/ambient';
import { kinds, type NostrEvent, parseEvent, tagValue } from '@ocmesh/shared/wire';
import { verifyEvent } from 'nostr-tools/pure';
import type { Client, Frame, RelayContext } from './behaviour.ts';

const privateKinds: readonly number[] = [kinds.encryptedDm, kinds.giftWrap];

/** Returns whether a frame is a REQ for direct messages. */
export const asksForDms = ([type, , ...filters]: Frame): boolean =>
  type === 'REQ' &&
  filters.some((filter) =>
    (filter as { kinds?: number[] }).kinds?.some((kind) => privateKinds.includes(kind)),
  );

/** Returns whether a value is an event with a direct message. */
export function isDm(value: unknown): boolean {
  const event = parseEvent(value);
  return event !== null && privateKinds.includes(event.kind);
}

/** NIP-42 on a relay. */
export interface Auth {
  challenge(client: Client): void;
  /** Handles an AUTH event correctly. */
  onAuth(event: unknown, client: Client): void;
  isAuthenticated(client: Client): boolean;
  /** Forgets who a client is: it has to authenticate again. */
  forget(client: Client): void;
  /** Returns whether a client may see an event: direct messages only as sender or recipient. */
  mayRead(event: NostrEvent, client: Client): boolean;
  /** Returns whether a client may see the event in an EVENT frame. */
  mayReadFrame(frame: Frame, client: Client): boolean;
}

export function createAuth(relay: RelayContext): Auth {
  const keysOf = (client: Client): Set<string> => {
    const keys = (client.state.get('keys') as Set<string> | undefined) ?? new Set();
    client.state.set('keys', keys);
    return keys;
  };

  function mayRead(event: NostrEvent, client: Client): boolean {
    if (!privateKinds.includes(event.kind)) return true;
    const keys = keysOf(client);
    return keys.has(event.pubkey) || event.tags.some(([tag, value]) => tag === 'p' && keys.has(value ?? ''));
  }

  return {
    challenge(client) {
      const challenge = toHex(relay.random.bytes(16));
      client.state.set('challenge', challenge);
      client.send(['AUTH', challenge]);
    },
    onAuth(value, client) {
      const event = parseEvent(value);
      const isValid =
        event?.kind === kinds.clientAuth &&
        tagValue(event, 'challenge') === client.state.get('challenge') &&
        portOf(tagValue(event, 'relay') ?? '') === String(relay.port) &&
        verifyEvent({ ...event, tags: event.tags.map((tag) => [...tag]) });
      if (isValid) keysOf(client).add(event.pubkey);
      client.send(['OK', event?.id ?? '', isValid, isValid ? '' : 'error: auth event failed validation']);
    },
    isAuthenticated: (client) => keysOf(client).size > 0,
    forget: (client) => keysOf(client).clear(),
    mayRead,
    mayReadFrame([, , value], client) {
      const event = parseEvent(value);
      return event === null || mayRead(event, client);
    },
  };
}

const portOf = (url: string): string | null => (URL.canParse(url) ? new URL(url).port : null);
