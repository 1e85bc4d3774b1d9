import { type Pubkey, utf8Bytes } from '@ocmesh/shared/contract';
import { isExpired, kinds, type NostrEvent, parseEvent, tagValues, wireLimits } from '@ocmesh/shared/wire';
import type { Refusal } from '../model/verdict.ts';
import { ingestLimits } from './limits.ts';

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
  if (event.created_at > nowSec + wireLimits.event.futureSeconds) return { refusal: 'future_dated' };
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
  isLonger(
    event.content,
    isSealed(event) ? wireLimits.event.contentBytes : ingestLimits.publicContentBytes,
  ) ||
  event.tags.length > wireLimits.event.tags ||
  event.tags.some((tag) => tag.some((part) => part.length > wireLimits.event.tagChars));
