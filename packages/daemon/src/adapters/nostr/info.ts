import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import type { RelayInfo } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';

export interface InfoAnswer {
  /** null when the relay has no document, or one that is no use. */
  readonly info: RelayInfo | null;
  /** The HTTP `Date`. */
  readonly date: string | null;
}

const nothing: InfoAnswer = { info: null, date: null };

/**
 * Asks for a relay's NIP-11 document. Nothing depends on it: a relay without one is taken as it behaves.
 * The answer is never decompressed, so that what we count is what we hold.
 */
export function fetchRelayInfo(url: string, signal: AbortSignal): Promise<InfoAnswer> {
  return new Promise((resolve) => {
    const get = url.startsWith('wss:') ? getSecure : getPlain;
    const request = get(
      url.replace(/^ws/, 'http'),
      {
        // No agent, so no socket stays behind.
        agent: false,
        signal,
        headers: { accept: 'application/nostr+json', 'accept-encoding': 'identity' },
      },
      (response) => {
        const date = response.headers.date ?? null;
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

/** NIP-11 knows numbers and booleans only; anything nested could be too deep to be written out again. */
function readLimitation(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, limit]) => typeof limit === 'number' || typeof limit === 'boolean'),
  );
}
