import type { NostrEvent } from '@ocmesh/shared/wire';
import { verifyEvent } from 'nostr-tools/pure';

/**
 * Returns whether the id is the event's hash and the signature is its author's (NIP-01).
 * Only for a new object from `parseEvent`: nostr-tools marks checked objects, and a marked one passes unchecked.
 */
export const isAuthentic = (event: NostrEvent): boolean =>
  // nostr-tools takes a mutable type, but changes nothing except that mark.
  verifyEvent(event as unknown as Parameters<typeof verifyEvent>[0]);
