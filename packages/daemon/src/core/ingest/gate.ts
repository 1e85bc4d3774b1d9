import { type Pubkey, utf8Bytes } from '@ocmesh/shared/contract';
import { isExpired, kinds, type NostrEvent, parseEvent, tagValues, wireLimits } from '@ocmesh/shared/wire';
import { accept, refuse, type Verdict } from '../model/verdict.ts';
import { ingestLimits } from './limits.ts';

/**
 * Runs the cheap checks, all before any cryptography: shape, size, kind, age, addressee, block.
 * @returns a fresh copy with the seven fields of NIP-01 and nothing else; its signature is still unchecked
 */
export function passGate(
  raw: unknown,
  self: Pubkey,
  nowSec: number,
  isBlocked: (pubkey: Pubkey) => boolean,
): Verdict<NostrEvent> {
  const event = parseEvent(raw);
  if (!event) return refuse('malformed');
  if (isTooLarge(event)) return refuse('too_large');
  if (!wantedKinds.includes(event.kind)) return refuse('unwanted_kind');
  if (event.pubkey === self) return refuse('own');
  if (event.created_at > nowSec + wireLimits.event.futureSeconds) return refuse('future_dated');
  if (isExpired(event, nowSec))
    return refuse(event.kind === kinds.encryptedDm ? 'message_expired' : 'expired');
  const isForSomebody = isSealed(event) || event.kind === kinds.ephemeralWrap;
  if (isForSomebody && !tagValues(event, 'p').includes(self)) return refuse('not_addressed_to_us');
  if (isBlocked(event.pubkey)) return refuse('blocked');
  return accept(event);
}

const wantedKinds: readonly number[] = [
  kinds.encryptedDm,
  kinds.giftWrap,
  kinds.ephemeralWrap,
  kinds.presence,
  kinds.note,
  kinds.relayList,
  kinds.dmRelayList,
];

/** Whether the event is a message to us, which relays keep. All other kinds we take are short. */
export const isSealed = ({ kind }: NostrEvent): boolean =>
  kind === kinds.encryptedDm || kind === kinds.giftWrap;

/** Counts the bytes only if the number of UTF-16 units leaves it open: each takes one to three bytes. */
const isLonger = (text: string, maxBytes: number): boolean =>
  text.length > maxBytes || (text.length * 3 > maxBytes && utf8Bytes(text) > maxBytes);

const isTooLarge = (event: NostrEvent): boolean =>
  isLonger(
    event.content,
    isSealed(event) ? wireLimits.event.contentBytes : ingestLimits.publicContentBytes,
  ) ||
  event.tags.length > wireLimits.event.tags ||
  event.tags.some((tag) => tag.some((part) => part.length > wireLimits.event.tagChars));
