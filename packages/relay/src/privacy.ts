import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import type { RelayFilter } from './filter.ts';

/** Who talks to whom is nobody else's business (NIP-17, NIP-42): direct messages and gift wraps. */
const PRIVATE_KINDS: readonly number[] = [kinds.encryptedDm, kinds.giftWrap];

/** Whether somebody who proved these keys may see the event: its author, or who it is addressed to. */
export function isInvolved(event: NostrEvent, keys: ReadonlySet<Pubkey>): boolean {
  if (!PRIVATE_KINDS.includes(event.kind) || keys.has(event.pubkey)) return true;
  return event.tags.some(([name, value]) => name === 'p' && keys.has(value as Pubkey));
}

/** A filter that names a private kind is answered with a request to authenticate; others just do not find them. */
export const asksForPrivate = (filter: RelayFilter): boolean =>
  PRIVATE_KINDS.some((kind) => filter.kinds?.has(kind) === true);
