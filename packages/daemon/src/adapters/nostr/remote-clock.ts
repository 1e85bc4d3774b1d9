import type { Clock, MonotonicMs, UnixMs } from '@ocmesh/shared/ambient';

/** The wall clock of a relay's host, read from its HTTP `Date`. */
export interface RemoteClock {
  /** @param askedAt when we sent the request: the response was written about halfway between then and now */
  note(date: string | null, askedAt: MonotonicMs): void;
  /** Drops the reading: our monotonic clock may have stopped while the machine slept. */
  forget(): void;
  /** Returns its clock minus ours; null if it sent no date. */
  offsetMs(): number | null;
}

/** HTTP dates are cut to the second: on average half of one is missing. */
const CUT_MS = 500;

export function createRemoteClock(clock: Clock): RemoteClock {
  let known: { readonly wallMs: UnixMs; readonly at: MonotonicMs } | null = null;

  return {
    note(date, askedAt) {
      const wallMs = Date.parse(date ?? '');
      if (!Number.isNaN(wallMs)) known = { wallMs: wallMs + CUT_MS, at: (askedAt + clock.monotonic()) / 2 };
    },
    forget() {
      known = null;
    },
    // Computed each time: our clock may have been set since.
    offsetMs: () => known && Math.round(known.wallMs + (clock.monotonic() - known.at) - clock.now()),
  };
}
