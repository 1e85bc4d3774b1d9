import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { WatchdogJob } from './watchdog.ts';

const { beats, checks, checkMs } = workerData as WatchdogJob;
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
let seen = -1;
// Counts checks, not time: a machine that slept for hours was not stuck.
let checksWithoutBeat = 0;
while (checksWithoutBeat < checks) {
  Atomics.wait(never, 0, 0, checkMs);
  const now = Atomics.load(beats, 0);
  checksWithoutBeat = now === seen ? checksWithoutBeat + 1 : 0;
  seen = now;
}
const stuckSec = (checks * checkMs) / 1000;
writeSync(
  2,
  `[${new Date().toISOString()}] [ERROR] the event loop was blocked for ${stuckSec} s; ending the process so that it is restarted\n`,
);
process.kill(process.pid, 'SIGKILL');
