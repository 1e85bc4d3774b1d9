import { type Filter, isAddressable, isReplaceable, type NostrEvent, tagValue } from '@ocmesh/shared/wire';
import { matchFilters } from 'nostr-tools/filter';

/** Events kept; the one that came first goes first. */
const MOST_EVENTS = 20_000;
/** Events in the answer to one filter: public relays' usual `max_limit`. */
const ANSWER_EVENTS = 500;

/** What a relay keeps (NIP-01). No signature is checked: whoever reads from it has to. */
export interface EventBook {
  /** false when it has the event already, or a newer one in its place. */
  put(event: NostrEvent): boolean;
  /** Newest first. */
  find(filters: readonly Filter[]): NostrEvent[];
  all(): readonly NostrEvent[];
}

export function wants(filters: readonly Filter[], event: NostrEvent): boolean {
  // Its types are mutable; it changes nothing.
  const [, mutable] = [filters, event] as unknown as Parameters<typeof matchFilters>;
  return matchFilters(filters as Parameters<typeof matchFilters>[0], mutable);
}

export function createEventBook(): EventBook {
  const byId = new Map<string, NostrEvent>();
  const byAddress = new Map<string, NostrEvent>();

  return {
    put(event) {
      if (byId.has(event.id)) return false;
      const address = addressOf(event);
      const before = address === null ? undefined : byAddress.get(address);
      if (before && before.created_at >= event.created_at) return false;
      if (before) byId.delete(before.id);
      if (address !== null) byAddress.set(address, event);
      byId.set(event.id, event);
      const [oldest] = byId.keys();
      if (byId.size > MOST_EVENTS && oldest) byId.delete(oldest);
      return true;
    },
    find(filters) {
      const found = new Map<string, NostrEvent>();
      const newestFirst = [...byId.values()].sort((a, b) => b.created_at - a.created_at);
      for (const filter of filters) {
        const limit = Math.min(filter.limit ?? ANSWER_EVENTS, ANSWER_EVENTS);
        for (const event of newestFirst.filter((one) => wants([filter], one)).slice(0, limit)) {
          found.set(event.id, event);
        }
      }
      return [...found.values()];
    },
    all: () => [...byId.values()],
  };
}

function addressOf(event: NostrEvent): string | null {
  if (isReplaceable(event.kind)) return `${event.kind}:${event.pubkey}`;
  if (isAddressable(event.kind)) return `${event.kind}:${event.pubkey}:${tagValue(event, 'd') ?? ''}`;
  return null;
}
