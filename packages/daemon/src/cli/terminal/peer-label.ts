import { limits } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';

/** Hex digits that tell peers apart at a glance; whoever wants to be taken for another has to make 2^48 keys. */
const KEY_DIGITS = 12;

export const shortKey = (pubkey: string): string => pubkey.slice(0, KEY_DIGITS);

/** A name as it is shown and compared: nothing hidden in it, on one line. Empty when nothing is left. */
export const shownName = (name: string | null): string =>
  name === null ? '' : cleanLine(name, limits.peer.nameChars);

interface Named {
  readonly pubkey: string;
  readonly name: string | null;
  readonly alias: string | null;
}

/** What the owner calls it, else what it calls itself, else its key. */
export const peerLabel = ({ pubkey, name, alias }: Named): string =>
  shownName(alias) || shownName(name) || shortKey(pubkey);

/** The same of whoever sent a message. */
export const senderLabel = ({
  from,
  from_name,
}: {
  readonly from: string;
  readonly from_name: string | null;
}): string => shownName(from_name) || shortKey(from);
