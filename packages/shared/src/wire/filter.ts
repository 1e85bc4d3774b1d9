import type { Filter } from './event.ts';

/**
 * Whether a filter matches an event (NIP-01). The event may be any value: one that is no event matches only a filter
 * without conditions. Ignores `limit`, which does not apply to single events.
 */
export function matchesFilter(filter: Filter, event: unknown): boolean {
  if (typeof event !== 'object' || event === null) return false;
  const { id, pubkey, kind, created_at: createdAt, tags } = event as Record<string, unknown>;
  if (filter.ids && !filter.ids.includes(id as string)) return false;
  if (filter.authors && !filter.authors.includes(pubkey as string)) return false;
  if (filter.kinds && !filter.kinds.includes(kind as number)) return false;
  // Comparing an object would call its methods, which the sender could choose.
  const at = typeof createdAt === 'number' ? createdAt : Number.NaN;
  if (filter.since !== undefined && !(at >= filter.since)) return false;
  if (filter.until !== undefined && !(at <= filter.until)) return false;
  for (const [field, wanted] of Object.entries(filter)) {
    if (field.startsWith('#') && !hasTag(tags, field.slice(1), wanted as readonly string[])) return false;
  }
  return true;
}

const hasTag = (tags: unknown, name: string, wanted: readonly string[]): boolean =>
  Array.isArray(tags) &&
  tags.some((tag) => Array.isArray(tag) && tag[0] === name && wanted.includes(tag[1] as string));
