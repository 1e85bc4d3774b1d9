import { limits } from '../contract/limits.ts';
import type { EventDraft, NostrEvent } from './event.ts';
import { kinds } from './kinds.ts';
import { isLocalRelay } from './relay-address.ts';
import { parseRelayUrl } from './relay-url.ts';

export type RelayListKind = typeof kinds.relayList | typeof kinds.dmRelayList;

/** Creates our relay list: relays we read from and write to (NIP-65), or relays on which we want messages (NIP-17). */
export const relayListEvent = (
  kind: RelayListKind,
  urls: readonly string[],
  createdAtSec: number,
): EventDraft => ({
  kind,
  created_at: createdAtSec,
  tags: urls.map((url) => [kind === kinds.relayList ? 'r' : 'relay', url]),
  content: '',
});

/** Requires a host name, not an IP address: the last label has a letter. */
const PUBLIC_RELAY = /^wss:\/\/[a-z0-9.-]+\.[a-z0-9-]*[a-z][a-z0-9-]*(:\d{1,5})?(\/[\w./~-]*)?$/;

/**
 * Reads a peer's relay list: the first relays it reads from, only `wss:` with a public host name. The address that the
 * name resolves to is checked when we connect.
 */
export function readRelayList(event: NostrEvent): string[] {
  const urls = event.tags.flatMap(([name, url, marker]) => {
    const isRead = name === 'relay' || (name === 'r' && marker !== 'write');
    if (!isRead || url === undefined || url.length > limits.relay.urlChars) return [];
    const parsed = parseRelayUrl(url);
    return 'url' in parsed ? [parsed.url] : [];
  });
  const fit = urls.filter((url) => PUBLIC_RELAY.test(url) && !isLocalRelay(url));
  return [...new Set(fit)].slice(0, limits.relay.perPeer);
}
