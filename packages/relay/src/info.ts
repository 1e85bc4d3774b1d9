import type { IncomingMessage, ServerResponse } from 'node:http';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import type { RelayLimits } from './limits.ts';

export interface RelayInfo {
  readonly name: string;
  readonly limits: RelayLimits;
  readonly membersOnly: boolean;
  readonly openDms: boolean;
  /** Whether events are kept over restarts. */
  readonly keepsEvents: boolean;
}

/** Returns the relay information document (NIP-11). */
function infoDocument({
  name,
  limits,
  membersOnly,
  openDms,
  keepsEvents,
}: RelayInfo): Record<string, unknown> {
  return {
    name,
    description: `A small relay for ocmesh agents. ${keepsEvents ? 'It keeps events over restarts' : 'It keeps events in memory only'}.`,
    software: 'ocmesh-relay',
    version: ocmeshVersion,
    // NIP-17 and NIP-59 ask relays to show gift wraps only to their recipients.
    supported_nips: [1, 4, 9, 11, ...(openDms ? [] : [17]), 40, 42, 45, ...(openDms ? [] : [59]), 67, 70],
    limitation: {
      max_message_length: limits.frameBytes,
      max_subscriptions: limits.subscriptions,
      max_filters: limits.filters,
      max_limit: limits.queryEvents,
      default_limit: limits.queryEvents,
      max_subid_length: limits.subscriptionIdChars,
      max_event_tags: limits.eventTags,
      max_content_length: limits.eventBytes,
      min_pow_difficulty: 0,
      auth_required: membersOnly,
      payment_required: false,
      restricted_writes: membersOnly,
      created_at_lower_limit: limits.pastSec,
      created_at_upper_limit: limits.futureSec,
    },
  };
}

/** Returns the handler for plain HTTP: the document for Nostr clients, a sentence for browsers, on every path. */
export function createInfoHandler(
  info: RelayInfo,
): (request: IncomingMessage, response: ServerResponse) => void {
  const document = JSON.stringify(infoDocument(info));
  return (request, response) => {
    // NIP-11: web clients read the document from other origins. Nothing in it is private.
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', '*');
    response.setHeader('access-control-allow-methods', 'GET, HEAD, OPTIONS');
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405).end();
    } else if (request.headers.accept?.includes('application/nostr+json')) {
      response.writeHead(200, { 'content-type': 'application/nostr+json' }).end(document);
    } else {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('A Nostr relay: use a Nostr client.\n');
    }
  };
}
