import type { Clock } from '@ocmesh/shared/ambient';
import { createTokenBucket, type Rate, type TokenBucket } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';

/** What a signature check would be for, as far as it shows before one. */
export type RateClass =
  /** Presence or relay list of a peer that we know. */
  | 'known'
  /** The same of a key that we never met. */
  | 'unknown'
  /** A message whose sender shows. */
  | 'sender'
  /** A gift wrap: who sent it shows only inside. */
  | 'wrap';

/** From one relay, and from all of them together. */
const rates: Readonly<Record<RateClass, { readonly relay: Rate; readonly all: Rate }>> = {
  known: {
    relay: { burst: limits.knownPresencesBurst, perSecond: limits.knownPresencesPerSecond },
    all: { burst: limits.knownPresencesAllBurst, perSecond: limits.knownPresencesAllPerSecond },
  },
  unknown: {
    relay: { burst: limits.newPeersBurst, perSecond: limits.newPeersPerSecond },
    all: { burst: limits.newPeersAllBurst, perSecond: limits.newPeersAllPerSecond },
  },
  sender: {
    relay: { burst: limits.strangersEventsBurst, perSecond: limits.strangersEventsPerSecond },
    all: { burst: limits.strangersEventsAllBurst, perSecond: limits.strangersEventsAllPerSecond },
  },
  wrap: {
    relay: { burst: limits.giftWrapsBurst, perSecond: limits.giftWrapsPerSecond },
    all: { burst: limits.giftWrapsAllBurst, perSecond: limits.giftWrapsAllPerSecond },
  },
};
const reserved: Rate = { burst: limits.familiarEventsBurst, perSecond: limits.familiarEventsPerSecond };

export const isRateClass = (look: string): look is RateClass => Object.hasOwn(rates, look);

/** How many signatures are checked, by relay and by what they are for. Nothing is taken from it for what is known already. */
export interface VerificationRates {
  /** One more check of this class for this relay. @returns whether there may be one */
  take(of: RateClass, url: string): boolean;
  /** The same from what is kept free for contacts and correspondents: whoever floods us takes nothing from it. */
  takeReserved(url: string): boolean;
}

export function createVerificationRates(clock: Clock): VerificationRates {
  const buckets = new Map<string, TokenBucket>();

  function bucketOf(name: string, rate: Rate): TokenBucket {
    const bucket = buckets.get(name) ?? createTokenBucket(clock, rate);
    buckets.set(name, bucket);
    return bucket;
  }

  return {
    take(of, url) {
      const all = bucketOf(of, rates[of].all);
      return all.has() && bucketOf(`${of} ${url}`, rates[of].relay).take() && all.take();
    },
    // Of each relay for itself: one that forges our contacts' events uses up its own share alone.
    takeReserved: (url) => bucketOf(`reserved ${url}`, reserved).take(),
  };
}
