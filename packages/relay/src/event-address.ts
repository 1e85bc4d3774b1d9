import { isAddressable, isReplaceable, type NostrEvent, tagValue } from '@ocmesh/shared/wire';

/** Returns the address that all versions of an event share (NIP-01, as in `a` tags); null if it replaces nothing. */
export function addressOf(event: NostrEvent): string | null {
  if (isReplaceable(event.kind)) return `${event.kind}:${event.pubkey}:`;
  if (isAddressable(event.kind)) return `${event.kind}:${event.pubkey}:${tagValue(event, 'd') ?? ''}`;
  return null;
}
