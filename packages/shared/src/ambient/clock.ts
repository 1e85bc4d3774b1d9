/** Milliseconds since 1970-01-01T00:00:00Z, as the wall clock shows them. May jump either way. */
export type UnixMs = number;

/** Milliseconds since an arbitrary start; never goes back and never jumps. For durations. */
export type MonotonicMs = number;

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Stops what `after` or `every` started. Harmless when it is over already. */
export type Cancel = () => void;

/**
 * The one source of time. Passed in everywhere, so that a test can hold it still and an hour takes no time.
 */
export interface Clock {
  /** Wall time in milliseconds. */
  now(): UnixMs;
  monotonic(): MonotonicMs;
  /** Calls `run` once, `delayMs` from now. The timer keeps the process alive. */
  after(delayMs: number, run: () => void): Cancel;
}

/** Resolves when the time is over. */
export const pause = (clock: Pick<Clock, 'after'>, ms: number): Promise<void> =>
  new Promise((resolve) => clock.after(ms, resolve));

/** Seconds as Nostr counts them in `created_at` (NIP-01). */
export const toUnixSec = (ms: UnixMs): number => Math.floor(ms / 1000);

/** ISO 8601 in UTC, the form of every timestamp in the REST API. */
export const toIso = (ms: UnixMs): string => new Date(ms).toISOString();

/** Calls `run` every `intervalMs`, the first time one interval from now. */
export function every(clock: Clock, intervalMs: number, run: () => void): Cancel {
  let cancel = clock.after(intervalMs, tick);
  function tick(): void {
    cancel = clock.after(intervalMs, tick);
    run();
  }
  return () => cancel();
}
