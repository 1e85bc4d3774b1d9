import { type Clock, hourMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { trustLimits } from './limits.ts';

export interface FirstContacts {
  /** Counts one more stranger that is written to. @returns false when there were too many within the hour */
  take(peer: Pubkey): boolean;
}

/**
 * An agent that was talked into telling everybody, and each to do the same, would be a worm. Kept in memory: no model can
 * restart the daemon.
 */
export function createFirstContacts({ clock }: { readonly clock: Clock }): FirstContacts {
  const takenMs = new Map<Pubkey, number>();
  return {
    take(peer) {
      const nowMs = clock.monotonic();
      for (const [taken, atMs] of takenMs) if (nowMs - atMs >= hourMs) takenMs.delete(taken);
      // Who is tried again, because nothing could be sent, is no other stranger.
      if (takenMs.has(peer)) return true;
      if (takenMs.size >= trustLimits.firstContact.perHour) return false;
      takenMs.set(peer, nowMs);
      return true;
    },
  };
}
