import { backoffMs, type Clock, pauseUnlessAborted, toIso } from '@ocmesh/shared/ambient';
import { watchLimits } from './limits.ts';
import type { Line } from './lines.ts';
import type { WatchState } from './watch-state.ts';

const { seconds, tries, retrySeconds } = watchLimits.command;
const RETRIES = { firstMs: retrySeconds * 1000, maxMs: seconds * 1000 };

export interface AnnouncerDeps {
  readonly clock: Clock;
  readonly state: Pick<WatchState, 'saveFailing'>;
  /** Ends the tries. */
  readonly signal: AbortSignal;
  /** Called with what went wrong, each time. */
  readonly notice: (problem: string) => void;
}

/**
 * Creates an announcer that tries again while `announce` fails, a few times, and saves that it does for `ocmesh status`.
 * @param announce hands a line over; returns null, or what went wrong: `ended with 1: …`
 */
export function createRetryingAnnouncer(
  announce: (line: Line) => Promise<string | null>,
  { clock, state, signal, notice }: AnnouncerDeps,
): (line: Line) => Promise<boolean> {
  return async (line) => {
    for (let failed = 0; ; ) {
      const problem = await announce(line);
      if (signal.aborted) return problem === null;
      if (problem === null) {
        state.saveFailing(null);
        return true;
      }
      failed++;
      state.saveFailing({ at: toIso(clock.now()), tries: failed, message: problem });
      notice(problem);
      if (failed >= tries) return false;
      await pauseUnlessAborted(clock, backoffMs(RETRIES, failed - 1), signal);
    }
  };
}
