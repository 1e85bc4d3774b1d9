import { limits, type Pubkey } from '@ocmesh/shared/contract';
import { isExpired, kinds, type NostrEvent, parseEvent, tagValues } from '@ocmesh/shared/wire';
import type { Refusal } from './verdict.ts';

/**
 * The cheap checks, all before any cryptography: shape, size, kind, age, addressee.
 * What passes is a fresh copy with the seven fields of NIP-01 and nothing else; its signature is still unchecked.
 */
export function passGate(
  raw: unknown,
  self: Pubkey,
  nowSec: number,
): { event: NostrEvent } | { refusal: Refusal } {
  const event = parseEvent(raw);
  if (!event) return { refusal: 'malformed' };
  if (isTooLarge(event)) return { refusal: 'too_large' };
  if (event.kind !== kinds.encryptedDm && event.kind !== kinds.presence && event.kind !== kinds.note) {
    return { refusal: 'unwanted_kind' };
  }
  if (event.pubkey === self) return { refusal: 'own' };
  if (event.created_at > nowSec + limits.futureSeconds) return { refusal: 'future_dated' };
  if (isExpired(event, nowSec)) return { refusal: 'expired' };
  if (event.kind === kinds.encryptedDm && !tagValues(event, 'p').includes(self)) {
    return { refusal: 'not_addressed_to_us' };
  }
  return { event };
}

const isTooLarge = (event: NostrEvent): boolean =>
  event.content.length > limits.eventContentBytes ||
  event.tags.length > limits.eventTags ||
  event.tags.some((tag) => tag.some((part) => part.length > limits.tagValueChars));
