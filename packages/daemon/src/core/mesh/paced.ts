import { type Cancel, type Clock, createTokenBucket, type Rate } from '@ocmesh/shared/ambient';

/** Something that is done at once as long as the rate allows: beyond it, several calls are one, as soon as it allows that. */
export function createPaced(clock: Clock, rate: Rate, action: () => void): { run(): void; cancel: Cancel } {
  const bucket = createTokenBucket(clock, rate);
  let pending: Cancel | null = null;

  return {
    run() {
      pending ??= clock.after(bucket.waitMs(), () => {
        pending = null;
        bucket.spend(1);
        action();
      });
    },
    cancel: () => pending?.(),
  };
}
