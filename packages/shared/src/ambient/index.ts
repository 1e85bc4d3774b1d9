export { type BackoffRange, backoffMs, withJitter } from './backoff.ts';
export {
  type Cancel,
  type Clock,
  type ConfirmedMs,
  dayMs,
  every,
  hourMs,
  type MonotonicMs,
  minuteMs,
  pause,
  toIso,
  toUnixSec,
  type UnixMs,
} from './clock.ts';
export type { Log, LogFields } from './log.ts';
export { fromHex, type Random, toHex } from './random.ts';
export { createTimers } from './timers.ts';
export { createTokenBucket, type Rate, type TokenBucket } from './token-bucket.ts';
export { atMostEvery, type PollOptions, pauseUnlessAborted, pollUntil, settlesWithin } from './wait.ts';
