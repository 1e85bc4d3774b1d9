import { isAddressable, isReplaceable, type NostrEvent, tagValue } from '@ocmesh/shared/wire';

/** What versions of one thing share (NIP-01, the form of `a` tags); null for events that replace nothing. */
export function addressOf(event: NostrEvent): string | null {
  if (isReplaceable(event.kind)) return `${event.kind}:${event.pubkey}:`;
  if (isAddressable(event.kind)) return `${event.kind}:${event.pubkey}:${tagValue(event, 'd') ?? ''}`;
  return null;
}
