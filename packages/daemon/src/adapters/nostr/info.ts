import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import type { RelayInfo } from '../../core/ports/relay-network.ts';
import { ourHeaders, responseDate } from './http-headers.ts';
import { nostrLimits } from './limits.ts';
import type { Dialer } from './proxy/dialer.ts';

export interface InfoResponse {
  /** null if the relay has no document, or an unusable one. */
  readonly info: RelayInfo | null;
  /** Time of the host that responded, as an HTTP date. */
  readonly date: string | null;
}

const nothing: InfoResponse = { info: null, date: null };

/**
 * Fetches a relay's NIP-11 document. A relay without one is used as well. The response is never decompressed, so that
 * the bytes we count are the bytes we hold.
 */
export function fetchRelayInfo(url: string, signal: AbortSignal, dialer: Dialer): Promise<InfoResponse> {
  const dialOptions = dialer.optionsFor(url, signal);
  return new Promise((resolve) => {
    const get = url.startsWith('wss:') ? getSecure : getPlain;
    const request = get(
      url.replace(/^ws/, 'http'),
      {
        ...dialOptions,
        // Without an agent no socket is kept alive; with one, Node ignores how we connect.
        ...(dialOptions.createConnection ? {} : { agent: false }),
        signal,
        headers: { ...ourHeaders, accept: 'application/nostr+json', 'accept-encoding': 'identity' },
      },
      (response) => {
        const date = responseDate(response.headers);
        readDocument(response).then(
          (info) => resolve({ info, date }),
          () => resolve({ info: null, date }),
        );
      },
    );
    request.on('error', () => resolve(nothing));
  });
}

async function readDocument(response: IncomingMessage): Promise<RelayInfo | null> {
  const { statusCode, headers } = response;
  if (statusCode !== 200 || (headers['content-encoding'] ?? 'identity') !== 'identity') {
    response.destroy();
    return null;
  }
  return readInfo(JSON.parse(await readBounded(response)));
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop destroys the response.
    if (bytes > nostrLimits.info.bytes) throw new Error('the document is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readInfo(value: unknown): RelayInfo | null {
  if (typeof value !== 'object' || value === null) return null;
  const { supported_nips: nips, limitation } = value as Record<string, unknown>;
  return {
    supportedNips: Array.isArray(nips) ? nips.filter(Number.isInteger).slice(0, nostrLimits.info.nips) : [],
    limitation: readLimitation(limitation),
  };
}

/** Keeps numbers and booleans, all that NIP-11 has: a nested value could be too deep to serialize. */
function readLimitation(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, limit]) => typeof limit === 'number' || typeof limit === 'boolean'),
  );
}
