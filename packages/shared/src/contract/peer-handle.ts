import { cleanLine } from '../text/clean-text.ts';
import { isPubkey } from './ids.ts';
import { limits } from './limits.ts';

/** What the rule needs of a peer. */
interface Nameable {
  readonly pubkey: string;
  /** The owner's name for it. */
  readonly alias: string | null;
}

/** Text as names are compared: on one line, without invisible characters, in one case. */
export const foldName = (text: string): string =>
  cleanLine(text, text.length).normalize('NFKC').toLowerCase();

/** The text as the beginning of a key, in lower case; null if it is too short, or a whole key or longer. */
export function keyPrefix(text: string, minDigits: number = limits.peer.handleDigits): string | null {
  const wanted = foldName(text);
  return /^[0-9a-f]{1,63}$/.test(wanted) && wanted.length >= minDigits ? wanted : null;
}

/**
 * Returns the peers that a text names: by the whole key, else by the owner's alias, else by the first digits of the key.
 * Never by a name that a peer gave itself, because anybody can take any name. Aliases come before digits, because nobody
 * else can give them.
 */
export function matchPeers<P extends Nameable>(
  peers: readonly P[],
  text: string,
  minDigits: number = limits.peer.handleDigits,
): P[] {
  const wanted = foldName(text);
  if (wanted === '') return [];
  if (isPubkey(wanted)) return peers.filter(({ pubkey }) => pubkey === wanted);
  const named = peers.filter(({ alias }) => alias !== null && foldName(alias) === wanted);
  const prefix = keyPrefix(text, minDigits);
  return named.length > 0 || prefix === null
    ? named
    : peers.filter(({ pubkey }) => pubkey.startsWith(prefix));
}

/** The first digits of these keys, as many as it takes to tell them apart, but at least 12. */
export function handlesOf(pubkeys: readonly string[]): string[] {
  let digits = 12;
  while (digits < 64 && new Set(pubkeys.map((key) => key.slice(0, digits))).size < new Set(pubkeys).size)
    digits++;
  return pubkeys.map((key) => key.slice(0, digits));
}
