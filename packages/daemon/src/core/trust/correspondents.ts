import type { Clock } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { Store, Tables } from '../ports/store.ts';

/** How old the list may get. A new contact waits this long for the reserved verification rate. */
const LIST_MS = 2_000;

/**
 * Contacts and peers our agent has written to. Does not read the store, as it is called for each event of a flood.
 */
export interface Correspondents {
  has(pubkey: Pubkey): boolean;
}

export const isCorrespondent = ({ peers }: Tables, pubkey: Pubkey): boolean =>
  peers.hasWrittenTo(pubkey) || peers.get(pubkey)?.trust === 'contact';

export function createCorrespondents(deps: { readonly store: Store; readonly clock: Clock }): Correspondents {
  const { store, clock } = deps;
  let pubkeys: ReadonlySet<Pubkey> = new Set();
  let listedAt = Number.NEGATIVE_INFINITY;

  return {
    has(pubkey) {
      if (clock.monotonic() - listedAt >= LIST_MS) {
        pubkeys = new Set(store.peek((tables) => tables.peers.correspondents()));
        listedAt = clock.monotonic();
      }
      return pubkeys.has(pubkey);
    },
  };
}
