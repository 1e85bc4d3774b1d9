import type { Clock, UnixMs } from '@ocmesh/shared/ambient';

/** What time a relay's host says it is (HTTP `Date`). */
export interface RemoteClock {
  /** @param askedAt by the clock that never jumps: the answer was written about halfway between then and now */
  note(date: string | null, askedAt: number): void;
  /** The clock that never jumps may have stood still. */
  forget(): void;
  /** Its clock minus ours; null where it named none. */
  offsetMs(): number | null;
}

/** An HTTP date is cut to the second. */
const CUT_MS = 500;

export function createRemoteClock(clock: Clock): RemoteClock {
  let known: { readonly wallMs: UnixMs; readonly at: number } | null = null;

  return {
    note(date, askedAt) {
      const wallMs = Date.parse(date ?? '');
      if (!Number.isNaN(wallMs)) known = { wallMs: wallMs + CUT_MS, at: (askedAt + clock.monotonic()) / 2 };
    },
    forget() {
      known = null;
    },
    // Computed anew each time: ours may have been set since.
    offsetMs: () => known && Math.round(known.wallMs + (clock.monotonic() - known.at) - clock.now()),
  };
}
