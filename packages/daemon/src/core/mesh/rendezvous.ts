import type { Pubkey } from '@ocmesh/shared/contract';

/**
 * Returns the relays in an order that differs from key to key and is the same for everyone who asks (rendezvous hashing): if a
 * relay goes or comes, the others keep their order.
 */
export const rendezvous = (pubkey: Pubkey, urls: readonly string[]): string[] =>
  urls
    .map((url) => ({ url, weight: hash(`${pubkey} ${url}`) }))
    .sort((a, b) => b.weight - a.weight || (a.url < b.url ? -1 : 1))
    .map(({ url }) => url);

/** FNV-1a of 32 bits over UTF-16 code units, with the final mix of MurmurHash3: similar texts get unlike numbers. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) value = Math.imul(value ^ text.charCodeAt(n), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
