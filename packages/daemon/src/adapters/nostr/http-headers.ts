import type { IncomingHttpHeaders } from 'node:http';
import { ocmeshVersion } from '@ocmesh/shared/wire';

/** Tells operators what calls them. The page is about the messages that we exchange: the project has no page yet. */
const ABOUT = 'https://github.com/nostr-protocol/nips/blob/master/17.md';

/** Sent with each upgrade and each request for NIP-11: filters refuse clients without a name. */
export const ourHeaders = { 'user-agent': `ocmesh/${ocmeshVersion} (+${ABOUT})` } as const;

/** Returns the wall time of the host that responded; null if the response does not tell. */
export function responseDate(headers: IncomingHttpHeaders): string | null {
  const { date = '', age } = headers;
  const writtenMs = Date.parse(date);
  if (Number.isNaN(writtenMs)) return null;
  if (age !== undefined) {
    // A cache between us kept the response for this many seconds (RFC 9111).
    return /^\d{1,9}$/.test(age) ? new Date(writtenMs + Number(age) * 1000).toUTCString() : null;
  }
  // From a cache that does not say for how long it had it.
  const isCached = ['x-cache', 'cf-cache-status', 'x-cache-status'].some((name) =>
    /\bhit\b/i.test(String(headers[name] ?? '')),
  );
  return isCached ? null : date;
}

/** Whether a refusal is a page for people, by a proxy or filter in front of the relay. A relay has nothing to show a browser here. */
export const isFilterPage = (headers: IncomingHttpHeaders): boolean =>
  /^(text\/html|application\/xhtml)/i.test(headers['content-type'] ?? '') ||
  ['cf-mitigated', 'x-squid-error', 'proxy-status'].some((name) => headers[name] !== undefined);
