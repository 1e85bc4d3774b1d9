import { type Clock, createTokenBucket, type TokenBucket } from '@ocmesh/shared/ambient';
import type { RelayLimits } from './limits.ts';
import { isLoopback } from './network-address.ts';

/** One connection's share in the limits of its address. */
export interface Quota {
  /** Counts a write; false if the address has used up its rate. */
  mayWrite(): boolean;
  /** Ends the share when the connection closes. */
  release(): void;
}

/** Limits per client address: connections at the same time, and writes a minute. */
export interface AddressQuotas {
  /** Returns the quota of a new connection; null if the address has too many connections. */
  take(address: string): Quota | null;
  /** Drops addresses without connections that have their full rate again. */
  sweep(): void;
  /** Returns how many addresses are remembered. */
  count(): number;
}

interface AddressUse {
  connections: number;
  readonly writes: TokenBucket;
}

const unlimited: Quota = { mayWrite: () => true, release: () => undefined };

/** Limits what comes from other machines. Loopback is not limited. */
export function createAddressQuotas(clock: Clock, limits: RelayLimits): AddressQuotas {
  const uses = new Map<string, AddressUse>();
  const rate = { burst: limits.eventsAtOnce, perSecond: limits.eventsPerMinute / 60 };

  return {
    take(address) {
      if (isLoopback(address)) return unlimited;
      const use = uses.get(address) ?? { connections: 0, writes: createTokenBucket(clock, rate) };
      if (use.connections >= limits.connectionsPerAddress) return null;
      // Kept after the last connection closes: a new one must not start with a full rate.
      uses.set(address, use);
      use.connections++;
      return {
        mayWrite: () => use.writes.take(),
        release() {
          use.connections--;
        },
      };
    },
    sweep() {
      for (const [address, { connections, writes }] of uses) {
        if (connections === 0 && writes.left() >= limits.eventsAtOnce) uses.delete(address);
      }
    },
    count: () => uses.size,
  };
}
