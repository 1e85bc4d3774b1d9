import { type Clock, type MonotonicMs, minuteMs } from '@ocmesh/shared/ambient';
import { keyPrefix, matchPeers, type Pubkey } from '@ocmesh/shared/contract';
import { HANDLE_LABEL_DIGITS } from '@ocmesh/shared/wire';
import { parseProfile } from '../identity/public-key-text.ts';
import { isAgent } from '../model/peer.ts';
import type { Store, Tables } from '../ports/store.ts';
import type { AskRelays } from './ask-relays.ts';
import { meshLimits } from './limits.ts';

const { againMinutes, remembered } = meshLimits.lookUp;

/** Asks our relays for the peer that a caller's text names, if we have never seen it. Resolves when the answer is stored. */
export type LookUpPeer = (text: string) => Promise<void>;

export function createLookUpPeer(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly self: Pubkey;
  readonly askRelays: Pick<AskRelays, 'author' | 'handle'>;
}): LookUpPeer {
  const { store, clock, self, askRelays } = deps;
  /** When we last asked for a key or handle: an answer, or none, counts for some minutes. */
  const askedAt = new Map<string, MonotonicMs>();

  function isDue(name: string): boolean {
    const lastAt = askedAt.get(name) ?? Number.NEGATIVE_INFINITY;
    if (clock.monotonic() - lastAt < againMinutes * minuteMs) return false;
    if (askedAt.size >= remembered) askedAt.clear();
    askedAt.set(name, clock.monotonic());
    return true;
  }

  return async (text) => {
    const pubkey = wholeKey(text);
    const digits = keyPrefix(text);
    if (pubkey !== null) {
      if (pubkey !== self && !store.peek((tables) => hasWritten(tables, pubkey)) && isDue(pubkey))
        await askRelays.author(pubkey);
    } else if (digits !== null && !store.peek((tables) => isKnownHandle(tables, text, digits))) {
      const label = digits.slice(0, HANDLE_LABEL_DIGITS);
      if (isDue(label)) await askRelays.handle(label);
    }
  };
}

function wholeKey(text: string): Pubkey | null {
  try {
    return parseProfile(text).pubkey;
  } catch {
    return null;
  }
}

/** Whether it showed what it reads: by its presence, its hello or a message. */
function hasWritten({ peers }: Tables, pubkey: Pubkey): boolean {
  const peer = peers.get(pubkey);
  return peer !== null && (isAgent(peer) || peer.answeredAtMs !== null);
}

const isKnownHandle = ({ peers }: Tables, text: string, digits: string): boolean =>
  peers.startingWith(digits).length > 0 || matchPeers(peers.aliased(), text).length > 0;
