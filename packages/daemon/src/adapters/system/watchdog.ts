import { Worker } from 'node:worker_threads';
import { type Cancel, type Clock, every } from '@ocmesh/shared/ambient';

/** Checks of the worker within `stuckMs`, and beats of the event loop between two checks. */
const CHECKS = 6;
const BEATS_PER_CHECK = 3;

export interface WatchdogJob {
  readonly beats: Int32Array;
  readonly checks: number;
  readonly checkMs: number;
}

/**
 * Kills the process if its event loop blocks, so that launchd, which has no watchdog, restarts it.
 * @param stuckMs how long the event loop has to block
 */
export function startWatchdog(clock: Clock, stuckMs: number): Cancel {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const checkMs = stuckMs / CHECKS;
  const extension = import.meta.url.endsWith('.mjs') ? 'mjs' : 'js';
  const worker = new Worker(new URL(`./watchdog-worker.${extension}`, import.meta.url), {
    workerData: { beats, checks: CHECKS, checkMs } satisfies WatchdogJob,
    // It only counts.
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  });
  worker.unref();
  const stopBeating = every(clock, checkMs / BEATS_PER_CHECK, () => Atomics.add(beats, 0, 1));
  return () => {
    stopBeating();
    void worker.terminate();
  };
}
