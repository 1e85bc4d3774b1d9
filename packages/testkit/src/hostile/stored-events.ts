import { type Filter, isAddressable, isReplaceable, type NostrEvent, tagValue } from '@ocmesh/shared/wire';
import { matchFilters } from 'nostr-tools/filter';

/** Events kept; the first one is dropped first. */
const MAX_EVENTS = 20_000;
/** Stored events returned for one filter: the usual `max_limit` of public relays. */
export const MAX_LIMIT = 500;

interface FindOptions {
  readonly oldestFirst?: boolean;
  /** Returns how many events a filter gets. */
  readonly limitOf?: (filter: Filter) => number;
}

/** Events that a relay stores (NIP-01). Signatures are not checked: readers must do that. */
export interface StoredEvents {
  /** Returns false if the event, or a newer version of it, is stored already. */
  put(event: NostrEvent): boolean;
  /** Returns matching events, newest first by default. */
  find(filters: readonly Filter[], options?: FindOptions): NostrEvent[];
  remove(id: string): void;
  clear(): void;
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
    find(filters, { oldestFirst = false, limitOf = honestLimit } = {}) {
      const found = new Map<string, NostrEvent>();
      const sign = oldestFirst ? -1 : 1;
      const sorted = [...byId.values()].sort((a, b) => sign * (b.created_at - a.created_at));
      for (const filter of filters) {
        const matching = sorted.filter((one) => matchesAny([filter], one));
        for (const event of matching.slice(0, limitOf(filter))) {
          found.set(event.id, event);
        }
      }
      return [...found.values()];
    },
    remove(id) {
      const event = byId.get(id);
      const address = event ? addressOf(event) : null;
      if (address !== null && byAddress.get(address) === event) byAddress.delete(address);
      byId.delete(id);
    },
    clear() {
      byId.clear();
      byAddress.clear();
    },
    all: () => [...byId.values()],
  };
}

const honestLimit = ({ limit = MAX_LIMIT }: Filter): number => Math.min(limit, MAX_LIMIT);

function addressOf(event: NostrEvent): string | null {
  if (isReplaceable(event.kind)) return `${event.kind}:${event.pubkey}`;
  if (isAddressable(event.kind)) return `${event.kind}:${event.pubkey}:${tagValue(event, 'd') ?? ''}`;
  return null;
}
