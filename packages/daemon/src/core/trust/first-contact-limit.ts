import { type Clock, hourMs, type MonotonicMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { trustLimits } from './limits.ts';

export interface FirstContacts {
  /** Counts a stranger that our agent writes to. @returns false if there were too many within the last hour */
  take(peer: Pubkey): boolean;
}

/**
 * Limits how many strangers our agent writes to. An agent that was talked into writing to everybody, and into asking them
 * to do the same, would be a worm. Kept in memory: no model can restart the daemon.
 */
export function createFirstContacts({ clock }: { readonly clock: Clock }): FirstContacts {
  const takenAt = new Map<Pubkey, MonotonicMs>();
  return {
    take(peer) {
      const now = clock.monotonic();
      for (const [taken, at] of takenAt) if (now - at >= hourMs) takenAt.delete(taken);
      // A retry, after nothing could be sent, is not another stranger.
      if (takenAt.has(peer)) return true;
      if (takenAt.size >= trustLimits.firstContact.perHour) return false;
      takenAt.set(peer, now);
      return true;
    },
  };
}
