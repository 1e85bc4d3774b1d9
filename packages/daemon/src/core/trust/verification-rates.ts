import type { Clock } from '@ocmesh/shared/ambient';
import { createTokenBucket, type Rate, type TokenBucket } from '@ocmesh/shared/ambient';
import { trustLimits } from './limits.ts';

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
    relay: {
      burst: trustLimits.verifications.knownPresences.burst,
      perSecond: trustLimits.verifications.knownPresences.perSecond,
    },
    all: {
      burst: trustLimits.verifications.knownPresences.allBurst,
      perSecond: trustLimits.verifications.knownPresences.allPerSecond,
    },
  },
  unknown: {
    relay: {
      burst: trustLimits.verifications.newPeers.burst,
      perSecond: trustLimits.verifications.newPeers.perSecond,
    },
    all: {
      burst: trustLimits.verifications.newPeers.allBurst,
      perSecond: trustLimits.verifications.newPeers.allPerSecond,
    },
  },
  sender: {
    relay: {
      burst: trustLimits.verifications.strangers.burst,
      perSecond: trustLimits.verifications.strangers.perSecond,
    },
    all: {
      burst: trustLimits.verifications.strangers.allBurst,
      perSecond: trustLimits.verifications.strangers.allPerSecond,
    },
  },
  wrap: {
    relay: {
      burst: trustLimits.verifications.giftWraps.burst,
      perSecond: trustLimits.verifications.giftWraps.perSecond,
    },
    all: {
      burst: trustLimits.verifications.giftWraps.allBurst,
      perSecond: trustLimits.verifications.giftWraps.allPerSecond,
    },
  },
};
const reserved: Rate = {
  burst: trustLimits.verifications.correspondents.burst,
  perSecond: trustLimits.verifications.correspondents.perSecond,
};

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
