import type { NostrEvent } from '@ocmesh/shared/wire';
import { endOf, insertOrdered, newestFirst, type OrderedEvents, removeOrdered } from './event-order.ts';
import { matches, type RelayFilter } from './filter.ts';

/** Indexed tags: agents ask for recipients, addresses and topics. Other tags are compared event by event. */
const INDEXED_TAGS = ['p', 'd', 't'];

export interface EventIndex {
  get(id: string): NostrEvent | undefined;
  add(event: NostrEvent): void;
  remove(event: NostrEvent): void;
  /** Returns matches that are visible, newest first, at most `filter.limit`. */
  query(filter: RelayFilter, isVisible: (event: NostrEvent) => boolean): NostrEvent[];
  /** Returns all events in the order of their arrival. */
  all(): Iterable<NostrEvent>;
  count(): number;
}

/** Keeps events and finds them through the smallest index that fits a filter. */
export function createEventIndex(): EventIndex {
  const byId = new Map<string, NostrEvent>();
  const all: OrderedEvents = [];
  const byKey = new Map<string, OrderedEvents>();

  function listsOf(keys: readonly string[]): OrderedEvents[] {
    return keys.flatMap((key) => {
      const events = byKey.get(key);
      return events ? [events] : [];
    });
  }

  /** Returns the shortest lists that together hold every match. */
  function candidates(filter: RelayFilter): OrderedEvents[] {
    const plans: OrderedEvents[][] = [[all]];
    if (filter.authors) plans.push(listsOf([...filter.authors].map(authorKey)));
    if (filter.kinds) plans.push(listsOf([...filter.kinds].map(kindKey)));
    for (const letter of INDEXED_TAGS) {
      const values = filter.tags.get(letter);
      if (values) plans.push(listsOf([...values].map((value) => tagKey(letter, value))));
    }
    return plans.reduce((best, plan) => (sizeOf(plan) < sizeOf(best) ? plan : best));
  }

  function query(filter: RelayFilter, isVisible: (event: NostrEvent) => boolean): NostrEvent[] {
    const wanted = (event: NostrEvent): boolean => matches(filter, event) && isVisible(event);
    if (filter.limit === 0) return [];
    if (filter.ids) {
      const named = [...filter.ids].flatMap((id) => byId.get(id) ?? []);
      return named.filter(wanted).sort(newestFirst).slice(0, filter.limit);
    }
    const found = candidates(filter).map((events) => takeNewest(events, filter, wanted));
    // One event may be in two lists (two wanted `p` tags), and the newest overall are among the newest of each.
    return found.length === 1 ? (found[0] ?? []) : mergeNewest(found).slice(0, filter.limit);
  }

  return {
    get: (id) => byId.get(id),
    add(event) {
      byId.set(event.id, event);
      insertOrdered(all, event);
      for (const key of keysOf(event)) {
        const events = byKey.get(key);
        if (events) insertOrdered(events, event);
        else byKey.set(key, [event]);
      }
    },
    remove(event) {
      if (!byId.delete(event.id)) return;
      removeOrdered(all, event);
      for (const key of keysOf(event)) {
        const events = byKey.get(key);
        if (!events) continue;
        removeOrdered(events, event);
        if (events.length === 0) byKey.delete(key);
      }
    },
    query,
    all: () => byId.values(),
    count: () => byId.size,
  };
}

/** Merges the matches of several filters, each event once, newest first. */
export const mergeNewest = (lists: readonly NostrEvent[][]): NostrEvent[] =>
  [...new Set(lists.flat())].sort(newestFirst);

function takeNewest(
  events: OrderedEvents,
  filter: RelayFilter,
  wanted: (event: NostrEvent) => boolean,
): NostrEvent[] {
  const taken: NostrEvent[] = [];
  for (let i = endOf(events, filter.untilSec) - 1; i >= 0 && taken.length < filter.limit; i--) {
    const event = events[i];
    if (!event || event.created_at < filter.sinceSec) break;
    if (wanted(event)) taken.push(event);
  }
  return taken;
}

const sizeOf = (lists: readonly OrderedEvents[]): number => lists.reduce((sum, list) => sum + list.length, 0);
const authorKey = (pubkey: string): string => `author ${pubkey}`;
const kindKey = (kind: number): string => `kind ${kind}`;
const tagKey = (letter: string, value: string): string => `#${letter} ${value}`;

/** Returns the index keys of an event; a set, because a tag may occur twice. */
function keysOf(event: NostrEvent): Set<string> {
  const keys = new Set([authorKey(event.pubkey), kindKey(event.kind)]);
  for (const [letter, value] of event.tags) {
    if (letter && value !== undefined && INDEXED_TAGS.includes(letter)) keys.add(tagKey(letter, value));
  }
  return keys;
}
