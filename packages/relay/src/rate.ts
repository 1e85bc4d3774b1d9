import type { Clock } from '@ocmesh/shared/ambient';
import type { RelayLimits } from './limits.ts';
import { isLoopback } from './network-address.ts';

/** One connection's place among those of its address. */
export interface Visit {
  /** Takes one from the address's ration; false when it is used up. */
  mayWrite(): boolean;
  leave(): void;
}

export interface Visitors {
  /** null when the address has as many connections as it may. */
  arrive(address: string): Visit | null;
  /** Forgets addresses that are gone and have their full ration again. */
  sweep(): void;
  /** Addresses that are counted. */
  count(): number;
}

interface Ration {
  connections: number;
  tokens: number;
  filledAtMs: number;
}

const FREE: Visit = { mayWrite: () => true, leave: () => undefined };

/** Rations connections and writes per address; what is on the same machine is not rationed. */
export function createVisitors(clock: Clock, limits: RelayLimits): Visitors {
  const rations = new Map<string, Ration>();

  function refill(ration: Ration): void {
    const nowMs = clock.monotonic();
    const earned = ((nowMs - ration.filledAtMs) * limits.eventsPerMinute) / 60_000;
    ration.tokens = Math.min(limits.eventsAtOnce, ration.tokens + earned);
    ration.filledAtMs = nowMs;
  }

  return {
    arrive(address) {
      if (isLoopback(address)) return FREE;
      const fresh = { connections: 0, tokens: limits.eventsAtOnce, filledAtMs: clock.monotonic() };
      const ration = rations.get(address) ?? fresh;
      if (ration.connections >= limits.connectionsPerAddress) return null;
      // Kept after the last connection closes: a new one must not bring a new ration.
      rations.set(address, ration);
      ration.connections++;
      return {
        mayWrite() {
          refill(ration);
          if (ration.tokens < 1) return false;
          ration.tokens--;
          return true;
        },
        leave() {
          ration.connections--;
        },
      };
    },
    sweep() {
      for (const [address, ration] of rations) {
        refill(ration);
        if (ration.connections === 0 && ration.tokens >= limits.eventsAtOnce) rations.delete(address);
      }
    },
    count: () => rations.size,
  };
}
