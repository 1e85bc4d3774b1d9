import { limits } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';

/** Hex digits that tell peers apart at a glance; faking them takes about 2^48 keys. */
const KEY_DIGITS = 12;

export const shortKey = (pubkey: string): string => pubkey.slice(0, KEY_DIGITS);

/** Returns a name as it is shown and compared: one line without invisible characters; may be empty. */
export const shownName = (name: string | null): string =>
  name === null ? '' : cleanLine(name, limits.peer.nameChars);

interface Named {
  readonly pubkey: string;
  readonly name: string | null;
  readonly alias: string | null;
}

/** Returns the owner's name for a peer, else its own name, else its key. */
export const peerLabel = ({ pubkey, name, alias }: Named): string =>
  shownName(alias) || shownName(name) || shortKey(pubkey);

/** Returns the name of a message's sender, else its key. */
export const senderLabel = ({
  from,
  from_name,
}: {
  readonly from: string;
  readonly from_name: string | null;
}): string => shownName(from_name) || shortKey(from);
