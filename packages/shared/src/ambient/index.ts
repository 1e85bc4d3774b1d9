export {
  type Cancel,
  type Clock,
  dayMs,
  every,
  hourMs,
  minuteMs,
  pause,
  toIso,
  toUnixSec,
  type UnixMs,
} from './clock.ts';
export type { Log, LogFields } from './log.ts';
export { fromHex, type Random, toHex } from './random.ts';
export { createTokenBucket, type Rate, type TokenBucket } from './token-bucket.ts';
