import { loopbackFetch } from '@ocmesh/client';
import type { Clock } from '@ocmesh/shared/ambient';

const RESPONSE_MS = 1_000;

/** Returns the public key of the ocmesh that listens on this port, or `with a token` if it does not say; null for any other program. */
export async function identifyPortOwner(port: number, clock: Clock): Promise<string | null> {
  // Not AbortSignal.timeout: its timer does not keep the process alive, and nothing else does here.
  const timeout = new AbortController();
  const cancel = clock.after(RESPONSE_MS, () => timeout.abort());
  try {
    const response = await loopbackFetch(`http://127.0.0.1:${port}/identity`, { signal: timeout.signal });
    const { npub, error } = JSON.parse(await response.text()) as { npub?: unknown; error?: unknown };
    if (error === 'token_required') return 'with a token';
    return typeof npub === 'string' && /^npub1[0-9a-z]+$/.test(npub) ? npub : null;
  } catch {
    return null;
  } finally {
    cancel();
  }
}
