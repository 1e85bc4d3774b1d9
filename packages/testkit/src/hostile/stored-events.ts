import { type Filter, isAddressable, isReplaceable, type NostrEvent, tagValue } from '@ocmesh/shared/wire';
import { matchFilters } from 'nostr-tools/filter';

/** Events kept; the first one is dropped first. */
const MAX_EVENTS = 20_000;
/** Stored events returned for one filter: the usual `max_limit` of public relays. */
const MAX_LIMIT = 500;

/** Events that a relay stores (NIP-01). Signatures are not checked: readers must do that. */
export interface StoredEvents {
  /** Returns false if the event, or a newer version of it, is stored already. */
  put(event: NostrEvent): boolean;
  /** Returns matching events, newest first. */
  find(filters: readonly Filter[]): NostrEvent[];
  all(): readonly NostrEvent[];
}

/** Returns whether an event matches one of the filters. */
export function matchesAny(filters: readonly Filter[], event: NostrEvent): boolean {
  // nostr-tools takes mutable types, but changes nothing.
  const [, mutable] = [filters, event] as unknown as Parameters<typeof matchFilters>;
  return matchFilters(filters as Parameters<typeof matchFilters>[0], mutable);
}

export function createStoredEvents(): StoredEvents {
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
      if (byId.size > MAX_EVENTS && oldest) byId.delete(oldest);
      return true;
    },
    find(filters) {
      const found = new Map<string, NostrEvent>();
      const newestFirst = [...byId.values()].sort((a, b) => b.created_at - a.created_at);
      for (const filter of filters) {
        const limit = Math.min(filter.limit ?? MAX_LIMIT, MAX_LIMIT);
        for (const event of newestFirst.filter((one) => matchesAny([filter], one)).slice(0, limit)) {
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
