import { isHex64, type Pubkey } from '../contract/ids.ts';

/** A signed event (NIP-01). The type does not imply that the signature was verified. */
export interface NostrEvent {
  readonly id: string;
  readonly pubkey: Pubkey;
  /** Seconds since 1970. */
  readonly created_at: number;
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
  readonly sig: string;
}

/** An event before it is signed. */
export type EventDraft = Pick<NostrEvent, 'created_at' | 'kind' | 'tags' | 'content'>;

/** An event with its author but without id and signature: the input of its id's hash, and the core of a rumor (NIP-59). */
export type UnsignedEvent = EventDraft & Pick<NostrEvent, 'pubkey'>;

/** A subscription filter (NIP-01). Only single-letter tags are indexed by relays. */
export interface Filter {
  readonly ids?: readonly string[];
  readonly authors?: readonly string[];
  readonly kinds?: readonly number[];
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  /** Words, for relays with NIP-50. */
  readonly search?: string;
  readonly [tag: `#${string}`]: readonly string[] | undefined;
}

const HEX_128 = /^[0-9a-f]{128}$/;
const isTag = (tag: unknown): tag is string[] =>
  Array.isArray(tag) && tag.every((part) => typeof part === 'string');

/**
 * Returns a new event with exactly the seven fields of NIP-01, or null if the shape is wrong.
 * Drops extra fields, which are not signed.
 */
export function parseEvent(value: unknown): NostrEvent | null {
  const unsigned = parseUnsignedEvent(value);
  if (unsigned === null) return null;
  const { id, sig } = value as Record<string, unknown>;
  if (!isHex64(id) || typeof sig !== 'string' || !HEX_128.test(sig)) return null;
  return { id, ...unsigned, sig };
}

/** Returns a new event with the five fields that exist before id and signature, or null if the shape is wrong. */
export function parseUnsignedEvent(value: unknown): UnsignedEvent | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pubkey, created_at, kind, tags, content } = value as Record<string, unknown>;
  if (!isHex64(pubkey)) return null;
  if (!Number.isSafeInteger(created_at) || (created_at as number) < 0) return null;
  if (!Number.isInteger(kind) || (kind as number) < 0 || (kind as number) > 65_535) return null;
  if (typeof content !== 'string' || !Array.isArray(tags) || !tags.every(isTag)) return null;
  return { pubkey: pubkey as Pubkey, created_at: created_at as number, kind: kind as number, tags, content };
}

/** Value of the first tag with this name. */
export const tagValue = (event: Pick<NostrEvent, 'tags'>, name: string): string | undefined =>
  event.tags.find((tag) => tag[0] === name)?.[1];

/** Values of all tags with this name. */
export const tagValues = (event: Pick<NostrEvent, 'tags'>, name: string): string[] =>
  event.tags.flatMap((tag) => (tag[0] === name && tag[1] !== undefined ? [tag[1]] : []));

/** Expiration of an event in Unix seconds (NIP-40); undefined without that tag. */
export function expirationOf(event: Pick<NostrEvent, 'tags'>): number | undefined {
  const value = tagValue(event, 'expiration');
  return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}

export const isExpired = (event: Pick<NostrEvent, 'tags'>, nowSec: number): boolean => {
  const expiration = expirationOf(event);
  return expiration !== undefined && expiration <= nowSec;
};
