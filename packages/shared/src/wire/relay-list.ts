import { limits } from '../contract/limits.ts';
import type { EventDraft, NostrEvent } from './event.ts';
import { kinds } from './kinds.ts';
import { isLocalRelay } from './relay-address.ts';
import { parseRelayUrl } from './relay-url.ts';

export type RelayListKind = typeof kinds.relayList | typeof kinds.dmRelayList;

/** Our list of relays: NIP-65 where we read and write, NIP-17 where we want messages. */
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

/** A name, not a number: its last label has a letter. */
const PUBLIC_RELAY = /^wss:\/\/[a-z0-9.-]+\.[a-z0-9-]*[a-z][a-z0-9-]*(:\d{1,5})?(\/[\w./~-]*)?$/;

/**
 * Where a peer reads, by its list: a few, only `wss:` at a public name. What the name stands for is checked when it
 * is connected to.
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
