export { type Cancel, type Clock, every, toIso, toUnixSec, type UnixMs } from './clock.ts';
export type { Log, LogFields } from './log.ts';
export { fromHex, type Random, toHex } from './random.ts';
