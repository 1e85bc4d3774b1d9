import type { Clock, MonotonicMs, UnixMs } from '@ocmesh/shared/ambient';

/**
 * Creates a function that tells since when a condition has held; null while it does not hold, or not for `graceMs` yet. The
 * time starts when the function is called: at each change of a relay, and every few seconds.
 */
export function createLasting(
  clock: Pick<Clock, 'now' | 'monotonic'>,
  graceMs: number,
  holdsAtFirst = false,
): (holds: boolean) => UnixMs | null {
  const now = () => ({ monotonic: clock.monotonic(), wallMs: clock.now() });
  let since: { readonly monotonic: MonotonicMs; readonly wallMs: UnixMs } | null = holdsAtFirst
    ? now()
    : null;
  return (holds) => {
    since = holds ? (since ?? now()) : null;
    return since !== null && clock.monotonic() - since.monotonic >= graceMs ? since.wallMs : null;
  };
}
