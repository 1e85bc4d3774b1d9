import { type Clock, hourMs } from '@ocmesh/shared/ambient';
import { limits, type Pubkey } from '@ocmesh/shared/contract';

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
      if (takenMs.size >= limits.firstContactsPerHour) return false;
      takenMs.set(peer, nowMs);
      return true;
    },
  };
}
