import { limits } from '../contract/limits.ts';
import type { EventDraft, NostrEvent } from './event.ts';
import { kinds } from './kinds.ts';
import { isLocalRelay } from './relay-address.ts';
import { parseRelayUrl } from './relay-url.ts';

export type RelayListKind = typeof kinds.relayList | typeof kinds.dmRelayList;

/**
 * Creates our relay list: relays we read from and write to (NIP-65), or relays on which we want messages (NIP-17).
 * @param announcedOn of a relay list, those on which we announce ourselves; on the others we only read. All unless given
 */
export const relayListEvent = (
  kind: RelayListKind,
  urls: readonly string[],
  createdAtSec: number,
  announcedOn: readonly string[] = urls,
): EventDraft => ({
  kind,
  created_at: createdAtSec,
  tags: urls.map((url) => {
    if (kind !== kinds.relayList) return ['relay', url];
    return announcedOn.includes(url) ? ['r', url] : ['r', url, 'read'];
  }),
  content: '',
});

/** Requires a host name, not an IP address: the last label has a letter. Tor encrypts the way to an onion service itself. */
const PUBLIC_RELAY =
  /^(wss:\/\/[a-z0-9.-]+\.[a-z0-9-]*[a-z][a-z0-9-]*|ws:\/\/[a-z0-9.-]+\.onion)(:\d{1,5})?(\/[\w./~-]*)?$/;

/** Names that no DNS server knows (RFC 9476). Those of onion services are reached through a proxy, or not at all. */
const NO_DNS = /\.(i2p|alt)(?:[:/]|$)/;

/** Reads a peer's relay list: the first public relays it reads from. */
export const readRelayList = (event: NostrEvent): string[] =>
  publicRelays(
    event.tags.flatMap(([name, url, marker]) => {
      const isRead = name === 'relay' || (name === 'r' && marker !== 'write');
      return isRead && url !== undefined ? [url] : [];
    }),
  );

/**
 * Returns the first of the relays that somebody named for a peer, in normal form: only `wss:` with a public host name, or an onion service. The
 * address that the name resolves to is checked when we connect.
 */
export function publicRelays(urls: readonly string[]): string[] {
  const normal = urls.flatMap((url) => {
    if (url.length > limits.relay.urlChars) return [];
    const parsed = parseRelayUrl(url);
    return 'url' in parsed ? [parsed.url] : [];
  });
  const fit = normal.filter((url) => PUBLIC_RELAY.test(url) && !isLocalRelay(url) && !NO_DNS.test(url));
  return [...new Set(fit)].slice(0, limits.relay.perPeer);
}
