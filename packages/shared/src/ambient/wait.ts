import { type Clock, pause } from './clock.ts';

export interface PollOptions {
  /** Milliseconds between two polls. */
  readonly everyMs: number;
  /** Milliseconds after which no further poll is made. */
  readonly forMs: number;
}

/** Calls `look` repeatedly until it finds something. Returns what it found, or null after the time. */
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
 * Waits for a promise for at most `ms` milliseconds.
 * @returns whether it was fulfilled in time; rejects if the promise rejects first
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

/** Creates a function that returns true at most once every `ms`: for log lines that would repeat. */
export function atMostEvery(clock: Pick<Clock, 'monotonic'>, ms: number): () => boolean {
  let allowedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonic();
    if (now < allowedAt) return false;
    allowedAt = now + ms;
    return true;
  };
}

/** Waits for `ms`, or until the signal is aborted. */
export function pauseUnlessAborted(
  clock: Pick<Clock, 'after'>,
  ms: number,
  signal: Abortable,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end);
    function end(): void {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    }
  });
}

/** The part of an AbortSignal that is used here, whose type each platform declares. */
interface Abortable {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
