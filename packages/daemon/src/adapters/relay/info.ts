import { limits } from '@ocmesh/shared/contract';
import type { RelayInfo } from '../../core/ports/relay-network.ts';

/** Reads a relay's NIP-11 document; null when it has none, or one that is no use. */
export async function fetchRelayInfo(url: string): Promise<RelayInfo | null> {
  try {
    const response = await fetch(url.replace(/^ws/, 'http'), {
      headers: { accept: 'application/nostr+json' },
      redirect: 'error',
      signal: AbortSignal.timeout(limits.relayInfoMs),
    });
    if (!response.ok || !response.body) return null;
    return readInfo(JSON.parse(await readBounded(response.body)));
  } catch {
    // Nothing depends on the document: a relay without one is taken as it behaves.
    return null;
  }
}

async function readBounded(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > limits.relayInfoBytes) throw new Error('the document is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readInfo(value: unknown): RelayInfo | null {
  if (typeof value !== 'object' || value === null) return null;
  const { supported_nips: nips, limitation } = value as Record<string, unknown>;
  return {
    supportedNips: Array.isArray(nips) ? nips.filter(Number.isInteger).slice(0, 200) : [],
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
