import type { Cancel, Clock } from './clock.ts';

/** A clock whose pending timers can be cancelled together, for work that waits in several places. */
export function createTimers(clock: Clock): { readonly clock: Clock; cancelAll(): void } {
  const pending = new Set<Cancel>();
  return {
    clock: {
      now: clock.now,
      monotonic: clock.monotonic,
      after(delayMs, run) {
        const cancel = clock.after(delayMs, () => {
          pending.delete(cancel);
          run();
        });
        pending.add(cancel);
        return () => {
          pending.delete(cancel);
          cancel();
        };
      },
    },
    cancelAll() {
      for (const cancel of pending) cancel();
      pending.clear();
    },
  };
}
