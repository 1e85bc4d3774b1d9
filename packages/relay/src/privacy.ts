import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { RelayFilter } from './filter.ts';

/** Direct messages and gift wraps: only sender and recipient may see who talks to whom (NIP-17, NIP-42). */
const PRIVATE_KINDS: readonly number[] = [kinds.encryptedDm, kinds.giftWrap, kinds.ephemeralWrap];

export const isPrivate = (event: NostrEvent): boolean => PRIVATE_KINDS.includes(event.kind);

/** Returns whether a client with these keys may see the event: as its author or recipient, or because it is public. */
export function isInvolved(event: NostrEvent, keys: ReadonlySet<Pubkey>): boolean {
  if (!isPrivate(event) || keys.has(event.pubkey)) return true;
  return event.tags.some(([name, value]) => name === 'p' && keys.has(value as Pubkey));
}

/** Returns whether a filter names a private kind: the client is then asked to authenticate. Other filters find nothing private. */
export const asksForPrivate = (filter: RelayFilter): boolean =>
  PRIVATE_KINDS.some((kind) => filter.kinds?.has(kind) === true);
