import type { Clock } from '@ocmesh/shared/ambient';

const PORT_ANSWER_MS = 1_000;

/** The ocmesh that holds the port, by its public key if it tells; null when it is something else. */
export async function identifyPortOwner(port: number, clock: Clock): Promise<string | null> {
  // Not AbortSignal.timeout: its timer does not keep the process alive, and nothing else does at this point.
  const impatience = new AbortController();
  const cancel = clock.after(PORT_ANSWER_MS, () => impatience.abort());
  try {
    const response = await fetch(`http://127.0.0.1:${port}/identity`, { signal: impatience.signal });
    const { npub, error } = (await response.json()) as { npub?: unknown; error?: unknown };
    if (error === 'token_required') return 'with a token';
    return typeof npub === 'string' && /^npub1[0-9a-z]+$/.test(npub) ? npub : null;
  } catch {
    return null;
  } finally {
    cancel();
  }
}
