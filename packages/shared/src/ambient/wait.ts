import { type Clock, pause } from './clock.ts';

export interface PollOptions {
  /** Pause between two looks. */
  readonly everyMs: number;
  /** Time after which the last look decides. */
  readonly forMs: number;
}

/** Looks again and again until `look` finds something; null if it finds nothing in time. */
export async function pollUntil<T>(
  clock: Pick<Clock, 'monotonic' | 'after'>,
  { everyMs, forMs }: PollOptions,
  look: () => Promise<T | null> | T | null,
): Promise<T | null> {
  const deadline = clock.monotonic() + forMs;
  for (;;) {
    const found = await look();
    if (found !== null || clock.monotonic() >= deadline) return found;
    await pause(clock, everyMs);
  }
}

/**
 * Waits for a promise, but not longer than `ms`.
 * @returns whether it was fulfilled in time; rejects if the promise does so first
 */
export function settlesWithin(
  clock: Pick<Clock, 'after'>,
  ms: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(false));
    promise.then(
      () => {
        cancel();
        resolve(true);
      },
      (error) => {
        cancel();
        reject(error);
      },
    );
  });
}

/** A function that returns true at most once every `ms`: for log lines that would repeat themselves. */
export function atMostEvery(clock: Pick<Clock, 'monotonic'>, ms: number): () => boolean {
  let allowedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonic();
    if (now < allowedAt) return false;
    allowedAt = now + ms;
    return true;
  };
}
