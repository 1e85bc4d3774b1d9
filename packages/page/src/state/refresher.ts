import type { Cancel, Clock } from '@ocmesh/shared/ambient';

export interface Refresher {
  /** Runs it soon, once for all requests until then. */
  request(): void;
  stop(): void;
}

/**
 * Runs something at most once at a time, and at most once every `gapMs`. A request during a run causes another one, because
 * the run may have read before the change.
 */
export function createRefresher(
  clock: Pick<Clock, 'after'>,
  gapMs: number,
  run: () => Promise<void>,
): Refresher {
  let cancel: Cancel | null = null;
  let running = false;
  let isWanted = false;
  let stopped = false;

  function plan(): void {
    if (stopped || running || cancel || !isWanted) return;
    cancel = clock.after(gapMs, () => {
      cancel = null;
      isWanted = false;
      running = true;
      void run().finally(() => {
        running = false;
        plan();
      });
    });
  }

  return {
    request() {
      isWanted = true;
      plan();
    },
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}
