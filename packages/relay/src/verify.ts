import type { NostrEvent } from '@ocmesh/shared/wire';
import { verifyEvent } from 'nostr-tools/pure';

/**
 * Whether the id is the event's hash and the signature its author's (NIP-01).
 * Only for an event fresh from `parseEvent`: nostr-tools marks the object, and a marked one passes unchecked.
 */
export const isAuthentic = (event: NostrEvent): boolean =>
  // Its type is mutable; it changes nothing but that mark.
  verifyEvent(event as unknown as Parameters<typeof verifyEvent>[0]);
