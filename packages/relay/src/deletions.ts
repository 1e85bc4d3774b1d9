import { isHex64 } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';
import { addressOf } from './event-address.ts';

export interface Deletions {
  /** Remembers a deletion request (NIP-09). Returns the ids that it names, and the addresses of its author. */
  note(request: NostrEvent): { readonly ids: readonly string[]; readonly addresses: readonly string[] };
  /** Returns whether the event's author has deleted it. */
  covers(event: NostrEvent): boolean;
  /** Returns what is remembered, the oldest first. */
  all(): Iterable<[key: string, untilSec: number]>;
  /** Remembers an entry of `all`. */
  restore(key: string, untilSec: number): void;
}

/** Remembers deletions, so that a deleted event does not come back from another relay. At most `max`: anyone may write them. */
export function createDeletions(max: number): Deletions {
  /** By author and id, or by address: the time up to which it is deleted. */
  const untilSec = new Map<string, number>();
  // One iterator, never recreated: a new one would walk over all the holes that removals left at the front.
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
          // With the author in the key, nobody can delete another author's event before it arrives.
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
      // NIP-09: an address is deleted up to the request's time; later versions are valid.
      return address !== null && event.created_at <= (untilSec.get(address) ?? -1);
    },
    all: () => untilSec.entries(),
    restore: remember,
  };
}

const idKey = (pubkey: string, id: string): string => `${pubkey} ${id}`;
