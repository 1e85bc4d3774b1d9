import { type Clock, hourMs } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';

export interface FirstContacts {
  /** Counts one more stranger that is written to. @returns false when there were too many within the hour */
  take(): boolean;
}

/**
 * An agent that was talked into telling everybody, and each to do the same, would be a worm. Kept in memory: no model can
 * restart the daemon.
 */
export function createFirstContacts({ clock }: { readonly clock: Clock }): FirstContacts {
  let takenMs: number[] = [];
  return {
    take() {
      const nowMs = clock.monotonic();
      takenMs = takenMs.filter((atMs) => nowMs - atMs < hourMs);
      if (takenMs.length >= limits.firstContactsPerHour) return false;
      takenMs.push(nowMs);
      return true;
    },
  };
}
