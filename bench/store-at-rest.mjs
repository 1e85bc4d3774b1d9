// Measures a store of many messages in its own process: time to start, memory at rest, cost of a compaction.
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { compactInWorker } from '../packages/daemon/dist/adapters/store/engine/compaction.js';
import { realFiles } from '../packages/daemon/dist/adapters/store/engine/files.js';
import { openStore } from '../packages/daemon/dist/adapters/store/store.js';
import { createSystemClock } from '../packages/daemon/dist/adapters/system/clock.js';
import { collectGarbage } from '../packages/daemon/dist/adapters/system/collect-garbage.js';

// As the daemon does.
for (const flag of [
  '--semi-space-growth-factor=1',
  '--optimize-for-size',
  '--wasm-num-compilation-tasks=1',
]) {
  setFlagsFromString(flag);
}

const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const residentMb = () => process.memoryUsage().rss / 1024 / 1024;
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

const began = performance.now();
const store = await openStore({
  path: join(process.argv[2] ?? '', 'ocmesh.db'),
  key: Buffer.alloc(32, 7),
  files: realFiles,
  compact: compactInWorker,
  clock: createSystemClock(),
  log,
  onFailStop: (error) => {
    throw error;
  },
});
const startMs = performance.now() - began;
await pause(1_000);
collectGarbage();
await pause(200);
const restMb = residentMb();

let peakMb = restMb;
const sampler = setInterval(() => {
  peakMb = Math.max(peakMb, residentMb());
}, 5);
const delay = monitorEventLoopDelay({ resolution: 1 });
await pause(200);
delay.enable();
// A clean stop compacts the journal, if there is anything in it.
await store.transaction((tables) => tables.meta.set('presence_at_sec', '1'));
await store.close();
delay.disable();
clearInterval(sampler);
process.stdout.write(JSON.stringify({ startMs, restMb, gapMs: delay.max / 1e6, peakMb }));
