import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, every } from '@ocmesh/shared/ambient';

/** How often the worker looks while the time runs out, and how often the event loop must show itself between two looks. */
const LOOKS = 6;
const BEATS_PER_LOOK = 3;

export interface WatchdogJob {
  readonly beats: Int32Array;
  readonly looks: number;
  readonly lookMs: number;
}

/**
 * Kills the process when its event loop stands still, so that launchd, which does not look, starts it again.
 * @param stuckMs for how long it must stand still
 */
export function startWatchdog(clock: Clock, stuckMs: number): Cancel {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const lookMs = stuckMs / LOOKS;
  const extension = import.meta.url.endsWith('.mjs') ? 'mjs' : 'js';
  const worker = new Worker(new URL(`./watchdog-worker.${extension}`, import.meta.url), {
    workerData: { beats, looks: LOOKS, lookMs } satisfies WatchdogJob,
    // It counts, and nothing else.
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  worker.unref();
  const stopBeating = every(clock, lookMs / BEATS_PER_LOOK, () => Atomics.add(beats, 0, 1));
  return () => {
    stopBeating();
    void worker.terminate();
  };
}
