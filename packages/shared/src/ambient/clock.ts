/** Milliseconds since 1970-01-01T00:00:00Z, as the wall clock shows them. May jump either way. */
export type UnixMs = number;

/**
 * Milliseconds of confirmed time, by which stored things grow old. It passes while the daemon runs, whatever the wall clock
 * does. Time that the machine slept or was off is added once it is confirmed. Close to the wall clock, but not a date.
 */
export type ConfirmedMs = number;

/** Milliseconds since an arbitrary start; never goes back and never jumps. For durations. */
export type MonotonicMs = number;

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Cancels a timer of `after` or `every`. Does nothing if it is over. */
export type Cancel = () => void;

/** The only source of time. Passed in everywhere, so that tests can stop it, and an hour takes no time. */
export interface Clock {
  /** Wall time in milliseconds. */
  now(): UnixMs;
  monotonic(): MonotonicMs;
  /**
   * Calls `run` once, `delayMs` from now. The timer keeps the process alive.
   * @param slackMs how much later it may be, so that several timers wake the process together
   */
  after(delayMs: number, run: () => void, slackMs?: number): Cancel;
}

/** Resolves after `ms` milliseconds. */
export const pause = (clock: Pick<Clock, 'after'>, ms: number): Promise<void> =>
  new Promise((resolve) => clock.after(ms, resolve));

/** Unix time in seconds, as in `created_at` (NIP-01). */
export const toUnixSec = (ms: UnixMs): number => Math.floor(ms / 1000);

/** ISO 8601 in UTC, the format of every timestamp in the REST API. */
export const toIso = (ms: UnixMs): string => new Date(ms).toISOString();

/** How much later than it says a repeated timer may run. */
const SLACK_MS = 2_000;

/** Calls `run` every `intervalMs` on average, for the first time after one interval. */
export function every(clock: Clock, intervalMs: number, run: () => void): Cancel {
  const slackMs = Math.min(intervalMs, SLACK_MS);
  let dueAt = clock.monotonic() + intervalMs;
  let cancel = clock.after(intervalMs, tick, slackMs);
  function tick(): void {
    const lateMs = clock.monotonic() - dueAt;
    // After a long sleep of the machine, what was missed is not made up for.
    const delayMs = lateMs < intervalMs ? intervalMs - lateMs : intervalMs;
    dueAt = clock.monotonic() + delayMs;
    cancel = clock.after(delayMs, tick, slackMs);
    run();
  }
  return () => cancel();
}
