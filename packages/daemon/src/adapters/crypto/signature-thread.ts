import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Cancel, Clock, Log } from '@ocmesh/shared/ambient';
import type { SignatureChecks } from '../../core/ports/signature-checks.ts';

/** A thread takes 10 MB, so it ends after this time without work. */
const IDLE_MS = 30_000;
/** Time for a batch, which normally takes 10 ms. */
const RESPONSE_MS = 10_000;
/** Pause after a thread that failed. */
const RETRY_MS = 60_000;

interface Thread {
  readonly worker: Worker;
  isReady: boolean;
  /** Callers who wait for their batch, in order. */
  readonly pending: { resolve(results: readonly boolean[]): void; reject(error: Error): void }[];
  cancelTimer: Cancel;
}

/** Checks signatures with the WebAssembly engine in another thread, which runs only while there is much to check. */
export function createSignatureThread(deps: {
  readonly clock: Clock;
  readonly log: Log;
}): SignatureChecks & { stop(): void } {
  const { clock, log } = deps;
  const isUseful = availableParallelism() > 1;
  let thread: Thread | null = null;
  let failedAtMs = Number.NEGATIVE_INFINITY;

  /** @throws if the system allows no more threads */
  function start(): Thread {
    const extension = import.meta.url.endsWith('.mjs') ? 'mjs' : 'js';
    const worker = new Worker(new URL(`./signature-worker.${extension}`, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    });
    worker.unref();
    const started: Thread = { worker, isReady: false, pending: [], cancelTimer: () => {} };
    const fail = (error: Error): void => end(started, error);
    worker.on('message', (message: 'ready' | readonly boolean[]) => {
      // Messages still arrive after the thread was ended.
      if (thread !== started) return;
      if (message === 'ready') started.isReady = true;
      else started.pending.shift()?.resolve(message);
      watch(started);
    });
    worker.on('error', fail);
    // The next result would be taken for this one.
    worker.on('messageerror', fail);
    worker.on('exit', (code) => fail(new Error(`it exited with ${code}`)));
    return started;
  }

  /** Ends a thread that does not respond, or has had nothing to do. */
  function watch(one: Thread): void {
    one.cancelTimer();
    const isBusy = one.pending.length > 0 || !one.isReady;
    one.cancelTimer = isBusy
      ? clock.after(RESPONSE_MS, () => end(one, new Error('it does not respond')))
      : clock.after(IDLE_MS, () => end(one));
  }

  function end(one: Thread, error?: Error): void {
    if (thread !== one) return;
    thread = null;
    one.cancelTimer();
    void one.worker.terminate();
    for (const { reject } of one.pending) reject(error ?? new Error('it was stopped'));
    if (error) report(error);
  }

  function report(error: Error): void {
    failedAtMs = clock.monotonic();
    log.warn('signatures cannot be checked in another thread', { reason: error.message });
  }

  return {
    isReady() {
      if (!isUseful || clock.monotonic() - failedAtMs < RETRY_MS) return false;
      if (thread) return thread.isReady;
      try {
        thread = start();
        watch(thread);
      } catch (error) {
        report(error as Error);
      }
      return false;
    },
    check: (events) =>
      new Promise((resolve, reject) => {
        if (!thread?.isReady) return reject(new Error('there is no thread'));
        thread.worker.postMessage(events);
        // A batch behind others must not extend their time.
        if (thread.pending.push({ resolve, reject }) === 1) watch(thread);
      }),
    stop() {
      if (thread) end(thread);
    },
  };
}
