import { limits, type Pubkey, utf8Bytes } from '@ocmesh/shared/contract';
import { isExpired, kinds, type NostrEvent, parseEvent, tagValues } from '@ocmesh/shared/wire';
import type { Refusal } from './refusal-counters.ts';

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
  if (!wanted.includes(event.kind)) return { refusal: 'unwanted_kind' };
  if (event.pubkey === self) return { refusal: 'own' };
  if (event.created_at > nowSec + limits.futureSeconds) return { refusal: 'future_dated' };
  if (isExpired(event, nowSec)) return { refusal: 'expired' };
  if (isSealed(event) && !tagValues(event, 'p').includes(self)) {
    return { refusal: 'not_addressed_to_us' };
  }
  return { event };
}

const wanted: readonly number[] = [
  kinds.encryptedDm,
  kinds.giftWrap,
  kinds.presence,
  kinds.note,
  kinds.relayList,
  kinds.dmRelayList,
];

/** A message to us; everything else that we take is public, and says little. */
export const isSealed = ({ kind }: NostrEvent): boolean =>
  kind === kinds.encryptedDm || kind === kinds.giftWrap;

/** Counts only where the number of characters leaves it open: each takes one to three bytes. */
const isLonger = (text: string, maxBytes: number): boolean =>
  text.length > maxBytes || (text.length * 3 > maxBytes && utf8Bytes(text) > maxBytes);

const isTooLarge = (event: NostrEvent): boolean =>
  isLonger(event.content, isSealed(event) ? limits.eventContentBytes : limits.publicContentBytes) ||
  event.tags.length > limits.eventTags ||
  event.tags.some((tag) => tag.some((part) => part.length > limits.tagValueChars));
