import { type Clock, pause } from '@ocmesh/shared/ambient';

const POLL_MS = 50;

/** Looks again and again until there is something to see; null after that many milliseconds without. */
export async function waitFor<T>(
  clock: Clock,
  atMostMs: number,
  look: () => Promise<T | null> | T | null,
): Promise<T | null> {
  const deadline = clock.monotonic() + atMostMs;
  for (;;) {
    const seen = await look();
    if (seen !== null || clock.monotonic() >= deadline) return seen;
    await pause(clock, POLL_MS);
  }
}
