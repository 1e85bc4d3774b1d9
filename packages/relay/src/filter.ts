import { isHex64 } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';

/** A valid filter (NIP-01); null fields match everything. */
export interface RelayFilter {
  readonly ids: ReadonlySet<string> | null;
  readonly authors: ReadonlySet<string> | null;
  readonly kinds: ReadonlySet<number> | null;
  /** Wanted values by tag letter. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>;
  readonly sinceSec: number;
  readonly untilSec: number;
  readonly limit: number;
}

export type FilterReading =
  | { readonly ok: true; readonly filter: RelayFilter }
  | { readonly ok: false; readonly reason: string };

const isText = (item: unknown): item is string => typeof item === 'string';
const isKind = (item: unknown): item is number => Number.isInteger(item) && Number(item) >= 0;
/** A single letter: the only tags that relays index (NIP-01). */
const TAG_FIELD = /^#[A-Za-z]$/;

/** Reads a client's filter. No field is ignored: that would return more events than were asked for. */
export function readFilter(value: unknown, maxLimit: number): FilterReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('a filter is an object');
  const { ids, authors, kinds, since, until, limit, ...rest } = value as Record<string, unknown>;
  const tags = new Map<string, ReadonlySet<string>>();
  for (const [field, wanted] of Object.entries(rest)) {
    if (!field.startsWith('#')) return refuse('unsupported filter field');
    if (!TAG_FIELD.test(field)) return refuse('only single-letter tags are indexed');
    const isKey = field === '#e' || field === '#p';
    const values = readSet(wanted, isKey ? isHex64 : isText);
    if (!values) return refuse(`${field} takes a list of ${isKey ? '64 lower-case hex digits' : 'texts'}`);
    tags.set(field.slice(1), values);
  }
  const idSet = readSet(ids, isHex64);
  const authorSet = readSet(authors, isHex64);
  const kindSet = readSet(kinds, isKind);
  if (idSet === undefined || authorSet === undefined) {
    return refuse('ids and authors take lists of 64 lower-case hex digits');
  }
  if (kindSet === undefined) return refuse('kinds takes a list of integers');
  const numbers = [since ?? 0, until ?? Number.MAX_SAFE_INTEGER, limit ?? maxLimit];
  if (!numbers.every(isCount)) return refuse('since, until and limit are non-negative integers');
  const [sinceSec = 0, untilSec = 0, asked = 0] = numbers;
  const filter = { ids: idSet, authors: authorSet, kinds: kindSet, tags, sinceSec, untilSec };
  return { ok: true, filter: { ...filter, limit: Math.min(asked, maxLimit) } };
}

const refuse = (reason: string): FilterReading => ({ ok: false, reason });

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Returns null if the field is missing, undefined if it is not a list of such items. */
function readSet<T>(value: unknown, isItem: (item: unknown) => item is T): ReadonlySet<T> | null | undefined {
  if (value === undefined) return null;
  return Array.isArray(value) && value.every(isItem) ? new Set(value) : undefined;
}

/** Returns whether an event matches a filter, apart from `limit`. */
export function matches(filter: RelayFilter, event: NostrEvent): boolean {
  if (event.created_at < filter.sinceSec || event.created_at > filter.untilSec) return false;
  if (filter.ids && !filter.ids.has(event.id)) return false;
  if (filter.kinds && !filter.kinds.has(event.kind)) return false;
  if (filter.authors && !filter.authors.has(event.pubkey)) return false;
  for (const [letter, values] of filter.tags) {
    if (!event.tags.some(([name, value]) => name === letter && value !== undefined && values.has(value)))
      return false;
  }
  return true;
}
