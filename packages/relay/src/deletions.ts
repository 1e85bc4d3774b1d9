import { isHex64 } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { addressOf } from './event-address.ts';

export interface Deletions {
  /** Notes what this deletion request (NIP-09) names, and says so: ids, and addresses of its own author. */
  note(request: NostrEvent): { readonly ids: readonly string[]; readonly addresses: readonly string[] };
  /** Whether the event's own author deleted it before. */
  covers(event: NostrEvent): boolean;
}

/** Remembers deletions, so that a deleted event does not come back from another relay. Bounded: anybody may write requests. */
export function createDeletions(max: number): Deletions {
  /** Author and id, or address, to the time up to which it is deleted. */
  const untilSec = new Map<string, number>();
  // Kept for good: a new iterator walks over all the holes that earlier removals left at the front.
  const oldestFirst = untilSec.keys();

  function remember(key: string, atSec: number): void {
    const known = untilSec.get(key) ?? 0;
    untilSec.delete(key);
    untilSec.set(key, Math.max(known, atSec));
    if (untilSec.size > max) untilSec.delete(oldestFirst.next().value ?? '');
  }

  return {
    note(request) {
      const ids: string[] = [];
      const addresses: string[] = [];
      for (const [name, value] of request.tags) {
        if (name === 'e' && isHex64(value)) {
          ids.push(value);
          // With the author in the key nobody can forbid an event of somebody else before it comes.
          remember(idKey(request.pubkey, value), request.created_at);
        }
        if (name === 'a' && value?.split(':')[1] === request.pubkey) {
          addresses.push(value);
          remember(value, request.created_at);
        }
      }
      return { ids, addresses };
    },
    covers(event) {
      // NIP-09: deleting a deletion does nothing.
      if (event.kind === kinds.deletion) return false;
      if (untilSec.has(idKey(event.pubkey, event.id))) return true;
      const address = addressOf(event);
      // NIP-09: an address is deleted up to the request's time; later versions are a new start.
      return address !== null && event.created_at <= (untilSec.get(address) ?? -1);
    },
  };
}

const idKey = (pubkey: string, id: string): string => `${pubkey} ${id}`;
