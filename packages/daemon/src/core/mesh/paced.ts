import type { Cancel, Clock, MonotonicMs } from '@ocmesh/shared/ambient';

/** Something that is done at once, but not again before a pause is over: calls in between are one at its end. */
export function createPaced(
  clock: Clock,
  pauseMs: number,
  action: () => void,
): { run(): void; cancel: Cancel } {
  let doneAt: MonotonicMs = Number.NEGATIVE_INFINITY;
  let cancel: Cancel | null = null;

  return {
    run() {
      cancel ??= clock.after(Math.max(0, doneAt + pauseMs - clock.monotonic()), () => {
        cancel = null;
        doneAt = clock.monotonic();
        action();
      });
    },
    cancel: () => cancel?.(),
  };
}
