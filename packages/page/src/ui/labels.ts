import { limits, type Peer } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';

/** Hex digits that tell peers apart at a glance; faking them takes about 2^48 keys. */
const KEY_DIGITS = 12;

export const shortKey = (pubkey: string): string => pubkey.slice(0, KEY_DIGITS);

/** A name by its peer, on one line without invisible characters; may be empty. */
export const shownName = (name: string | null | undefined): string =>
  name ? cleanLine(name, limits.peer.nameChars) : '';

/** The owner's name for a peer, else its own name in quotes, else its key: for labels that hold no elements. */
export function plainLabel(pubkey: string, peer: Pick<Peer, 'alias' | 'name'> | undefined): string {
  const name = shownName(peer?.name);
  return shownName(peer?.alias) || (name === '' ? shortKey(pubkey) : `“${name}”`);
}

/** A relay's address without its scheme; the whole address if it is not `wss:`. */
export const shownRelay = (url: string): string =>
  cleanLine(url, limits.relay.urlChars)
    .replace(/^wss:\/\//, '')
    .replace(/\/$/, '');
