import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Cancel, Clock, Log } from '@ocmesh/shared/ambient';
import type { SignatureChecks } from '../../core/ports/signature-checks.ts';

/** It takes 10 MB, so it goes when nothing was to be done for a while. */
const IDLE_MS = 30_000;
/** For a batch that takes 10 ms. */
const ANSWER_MS = 10_000;
/** Pause after one that failed. */
const AGAIN_MS = 60_000;

interface Thread {
  readonly worker: Worker;
  isReady: boolean;
  /** In the order of the batches. */
  readonly asked: { resolve(answers: readonly boolean[]): void; reject(error: Error): void }[];
  cancelTimer: Cancel;
}

/** The wasm engine in a thread of its own, which runs only while much is to be checked. */
export function createSignatureThread(deps: {
  readonly clock: Clock;
  readonly log: Log;
}): SignatureChecks & { stop(): void } {
  const { clock, log } = deps;
  const isUseful = availableParallelism() > 1;
  let thread: Thread | null = null;
  let failedAtMs = Number.NEGATIVE_INFINITY;

  /** @throws where the machine gives us no more threads */
  function start(): Thread {
    const extension = import.meta.url.endsWith('.mjs') ? 'mjs' : 'js';
    const worker = new Worker(new URL(`./signature-worker.${extension}`, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    });
    worker.unref();
    const started: Thread = { worker, isReady: false, asked: [], cancelTimer: () => {} };
    const fail = (error: Error): void => end(started, error);
    worker.on('message', (message: 'ready' | readonly boolean[]) => {
      // What was on its way still comes after the end.
      if (thread !== started) return;
      if (message === 'ready') started.isReady = true;
      else started.asked.shift()?.resolve(message);
      watch(started);
    });
    worker.on('error', fail);
    // The next answer would pass for this one.
    worker.on('messageerror', fail);
    worker.on('exit', (code) => fail(new Error(`it ended with ${code}`)));
    return started;
  }

  /** Gives up a thread that does not answer, and ends one that has nothing to do. */
  function watch(one: Thread): void {
    one.cancelTimer();
    const isAsked = one.asked.length > 0 || !one.isReady;
    one.cancelTimer = isAsked
      ? clock.after(ANSWER_MS, () => end(one, new Error('it does not answer')))
      : clock.after(IDLE_MS, () => end(one));
  }

  function end(one: Thread, error?: Error): void {
    if (thread !== one) return;
    thread = null;
    one.cancelTimer();
    void one.worker.terminate();
    for (const { reject } of one.asked) reject(error ?? new Error('it is ended'));
    if (error) report(error);
  }

  function report(error: Error): void {
    failedAtMs = clock.monotonic();
    log.warn('signatures cannot be checked in another thread', { reason: error.message });
  }

  return {
    isReady() {
      if (!isUseful || clock.monotonic() - failedAtMs < AGAIN_MS) return false;
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
        // Who asks while others wait does not put off their end.
        if (thread.asked.push({ resolve, reject }) === 1) watch(thread);
      }),
    stop() {
      if (thread) end(thread);
    },
  };
}
