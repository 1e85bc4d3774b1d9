import { fromHex } from '../ambient/index.ts';
import type { Filter, NostrEvent } from './event.ts';
import { wireLimits } from './limits.ts';

/** A frame from a relay (NIP-01, NIP-42). Its event is not checked yet. */
export type RelayFrame =
  | { readonly type: 'EVENT'; readonly subscription: string; readonly event: unknown }
  /** `more` or `finish`: whether the relay has more stored events than it sent (NIP-67). */
  | { readonly type: 'EOSE'; readonly subscription: string; readonly hint: 'more' | 'finish' | null }
  | { readonly type: 'CLOSED'; readonly subscription: string; readonly reason: string }
  /** The number of stored events, and 256 registers by which numbers of several relays can be combined (NIP-45). */
  | {
      readonly type: 'COUNT';
      readonly subscription: string;
      readonly count: number;
      readonly isApproximate: boolean;
      readonly registers: readonly number[] | null;
    }
  | { readonly type: 'OK'; readonly eventId: string; readonly accepted: boolean; readonly reason: string }
  | { readonly type: 'AUTH'; readonly challenge: string }
  | { readonly type: 'NOTICE'; readonly text: string };

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Parses a frame from a relay; null if it is not one. Never throws. */
export function parseRelayFrame(text: string): RelayFrame | null {
  const frame = parseArray(text);
  if (!frame) return null;
  const [type, first, second, third] = frame;
  if (type === 'NOTICE') return { type, text: asText(first) };
  if (typeof first !== 'string') return null;
  switch (type) {
    case 'EVENT':
      return { type, subscription: first, event: second };
    case 'EOSE':
      return { type, subscription: first, hint: second === 'more' || second === 'finish' ? second : null };
    case 'COUNT':
      return readCount(first, second);
    case 'CLOSED':
      return { type, subscription: first, reason: asText(second) };
    case 'OK':
      return { type, eventId: first, accepted: isTrue(second), reason: asText(third) };
    case 'AUTH':
      // Our signed response must fit into a frame.
      return first.length <= wireLimits.frame.challengeChars ? { type, challenge: first } : null;
    default:
      return null;
  }
}

/** Registers of HyperLogLog, as NIP-45 has them. */
const REGISTERS = 256;

function readCount(subscription: string, value: unknown): RelayFrame | null {
  const { count, approximate, hll } = (value ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(count) || (count as number) < 0) return null;
  const isHll = typeof hll === 'string' && hll.length === 2 * REGISTERS && /^[0-9a-f]*$/i.test(hll);
  const registers = isHll ? [...fromHex(hll)] : null;
  return {
    type: 'COUNT',
    subscription,
    count: count as number,
    isApproximate: isTrue(approximate),
    registers,
  };
}

/** Reads what some relays send instead of `true`. */
const isTrue = (value: unknown): boolean =>
  value === true || value === 1 || (typeof value === 'string' && value.toLowerCase() === 'true');

/** A frame as an array; null if the text is not a JSON array. */
export function parseArray(text: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

export const eventFrame = (event: NostrEvent): string => JSON.stringify(['EVENT', event]);
export const reqFrame = (subscription: string, filters: readonly Filter[]): string =>
  JSON.stringify(['REQ', subscription, ...filters]);
export const countFrame = (id: string, filter: Filter): string => JSON.stringify(['COUNT', id, filter]);
export const closeFrame = (subscription: string): string => JSON.stringify(['CLOSE', subscription]);
export const authFrame = (event: NostrEvent): string => JSON.stringify(['AUTH', event]);

const PREFIXES = [
  'auth-required',
  'restricted',
  'rate-limited',
  'blocked',
  'pow',
  'duplicate',
  'replaced',
  'invalid',
  'mute',
  'error',
] as const;

/** Machine-readable prefix of a relay's reason; `other` if it has none. */
export type ReasonPrefix = (typeof PREFIXES)[number] | 'other';

/** Words by which relays without prefixes say that they have the event: `duplicate`, `event already exists`. */
const HAS_EVENT =
  /\bduplicated?\b|\balready (have|has|got|exists?|stored|saved|seen|received|processed|known)\b/;

/**
 * Finds the prefix anywhere in the reason: strfry sends `ERROR: auth-required: …`.
 * A specific prefix takes precedence over `error`.
 */
export function reasonPrefix(reason: string): ReasonPrefix {
  const lower = reason.toLowerCase();
  const prefix = PREFIXES.find((each) => new RegExp(`(^|[^a-z-])${each}\\s*:`).test(lower));
  // Behind a vague `error:` these words still say what happened, behind `blocked:` or `invalid:` they do not.
  if ((prefix === undefined || prefix === 'error') && HAS_EVENT.test(lower)) return 'duplicate';
  return prefix ?? 'other';
}
