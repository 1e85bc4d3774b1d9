import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { WatchdogJob } from './watchdog.ts';

const { beats, looks, lookMs } = workerData as WatchdogJob;
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
let seen = -1;
// Looks are counted rather than time: a machine that slept for hours has not stood still.
let still = 0;
while (still < looks) {
  Atomics.wait(never, 0, 0, lookMs);
  const now = Atomics.load(beats, 0);
  still = now === seen ? still + 1 : 0;
  seen = now;
}
const stuckSec = (looks * lookMs) / 1000;
writeSync(
  2,
  `[${new Date().toISOString()}] [ERROR] the event loop stood still for ${stuckSec} s: the process ends, to be started again\n`,
);
process.kill(process.pid, 'SIGKILL');
