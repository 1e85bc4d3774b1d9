import type { Clock } from '@ocmesh/shared/ambient';
import { createTokenBucket, type Rate, type TokenBucket } from '@ocmesh/shared/ambient';
import { type Accepted, accept } from '../model/verdict.ts';
import { trustLimits } from './limits.ts';

/** Purpose of a signature check, as far as the event shows it before the check. */
export type RateClass =
  /** A presence or relay list of a peer that we know. */
  | 'knownPeer'
  /** A presence or relay list of a key that we never met. */
  | 'newPeer'
  /** The same in the answer to a query: it comes in pages, as fast as we ask for them. */
  | 'listedPeer'
  /** A message with a visible sender (NIP-04). */
  | 'visibleSender'
  /** A gift wrap: its sender is known only once it is opened. */
  | 'giftWrap'
  /** A ping or pong in an ephemeral gift wrap. */
  | 'ping';

/** Verdicts of events that are worth a signature check. Constants, so that a flood allocates nothing. */
export const checkAs: { readonly [C in RateClass]: Accepted<C> } = {
  knownPeer: accept('knownPeer'),
  newPeer: accept('newPeer'),
  listedPeer: accept('listedPeer'),
  visibleSender: accept('visibleSender'),
  giftWrap: accept('giftWrap'),
  ping: accept('ping'),
};

const { correspondents, knownPresences, newPeers, listedPeers, strangers, giftWraps, pings } =
  trustLimits.verifications;

interface ClassRates {
  readonly perRelay: Rate;
  readonly all: Rate;
}

const classRates = (
  limits: Rate & { readonly allBurst: number; readonly allPerSecond: number },
): ClassRates => ({
  perRelay: limits,
  all: { burst: limits.allBurst, perSecond: limits.allPerSecond },
});

const rates: Readonly<Record<RateClass, ClassRates>> = {
  knownPeer: classRates(knownPresences),
  newPeer: classRates(newPeers),
  listedPeer: classRates(listedPeers),
  visibleSender: classRates(strangers),
  giftWrap: classRates(giftWraps),
  ping: classRates(pings),
};

/** Limits signature checks, per relay and by purpose. Events we already have are not counted. */
export interface VerificationRates {
  /** Counts one more check of this class for this relay. @returns whether it is within the rates */
  take(rateClass: RateClass, url: string): boolean;
  /** Counts one more check against the rate reserved for correspondents, which a flood by others does not use up. */
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
    take(rateClass, url) {
      const { perRelay, all } = rates[rateClass];
      const allRelays = bucketOf(rateClass, all);
      return allRelays.has() && bucketOf(`${rateClass} ${url}`, perRelay).take() && allRelays.take();
    },
    // Per relay only: one that forges our contacts' events uses up its own share.
    takeReserved: (url) => bucketOf(`reserved ${url}`, correspondents).take(),
  };
}
