import { handlesOf, keyPrefix, matchPeers, OcmeshError, type Pubkey } from '@ocmesh/shared/contract';
import { parseProfile } from '../identity/public-key-text.ts';
import type { Tables } from '../ports/store.ts';

type Profile = ReturnType<typeof parseProfile>;

/** Candidates that an error names: a longer list is of no use. */
const SHOWN = 10;

/**
 * Returns the peer that a caller's text names: by a whole key in any form, by the owner's alias, or by the first digits of the
 * key of a known peer.
 * @throws OcmeshError `peer_ambiguous` if several fit, `peer_unknown` if no key starts with these digits, `invalid_pubkey`
 */
export const findPeer = (tables: Tables, text: string): Pubkey => findProfile(tables, text).pubkey;

/** Returns the peer as `findPeer` does, and the relays that an `nprofile1…` names. */
export function findProfile(tables: Tables, text: string): Profile {
  const whole = wholeKey(text);
  if (!(whole instanceof OcmeshError)) return whole;
  const prefix = keyPrefix(text);
  const candidates = [
    ...tables.peers.aliased(),
    ...(prefix === null ? [] : tables.peers.startingWith(prefix).map((pubkey) => ({ pubkey, alias: null }))),
  ];
  const [found, ...others] = [...new Set(matchPeers(candidates, text).map(({ pubkey }) => pubkey))];
  if (found && others.length > 0) throw ambiguous([found, ...others]);
  if (found) return { pubkey: found, relays: [] };
  throw prefix === null ? whole : new OcmeshError('peer_unknown', { problem: 'handle_unknown' });
}

/** Returns the error if the text is no whole key. */
function wholeKey(text: string): Profile | OcmeshError {
  try {
    return parseProfile(text);
  } catch (error) {
    if (error instanceof OcmeshError) return error;
    throw error;
  }
}

function ambiguous(pubkeys: readonly Pubkey[]): OcmeshError {
  const handles = handlesOf(pubkeys.slice(0, SHOWN));
  return new OcmeshError('peer_ambiguous', {
    message: `This fits ${pubkeys.length} peers: ${handles.join(', ')}${pubkeys.length > SHOWN ? ', …' : ''}.`,
    details: { handles, pubkeys: pubkeys.slice(0, SHOWN) },
  });
}
