import { cleanLine, makeInert } from '@ocmesh/shared/text';

// What stands outside the fence: words of ours, of the owner, and texts by others that cannot be a sentence.

/** Hex digits by which results name a peer; every tool takes them. */
const HANDLE_DIGITS = 12;
const OWNER_CHARS = 500;

export const handleOf = (pubkey: string): string => pubkey.slice(0, HANDLE_DIGITS);

/** A number with its noun. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A time to the minute, in UTC: seconds tell a model nothing. */
export const minuteOf = (iso: string): string => iso.replace(/:\d\d(\.\d+)?Z$/, 'Z');

/** The owner's own words, such as an alias, in quotes. */
export const quoted = (text: string): string => JSON.stringify(makeInert(cleanLine(text, OWNER_CHARS)));

/** Peers choose the URLs of their relays: a long host, one with several hyphens or many labels, or a path can be a sentence. */
export const isPlainUrl = (url: string): boolean =>
  /^wss?:\/\/(?=[^/]{1,40}\/?$)[a-z0-9]+(?:-[a-z0-9]+)?(?:\.[a-z0-9]+){0,3}(?::\d{1,5})?\/?$/.test(url);
