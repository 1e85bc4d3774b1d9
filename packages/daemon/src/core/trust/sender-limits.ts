import {
  atMostEvery,
  type Clock,
  createTokenBucket,
  type Log,
  type TokenBucket,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent, type Payload } from '@ocmesh/shared/wire';
import { textBytes } from '../model/message.ts';
import { accept, refuse, type Source, type Verdict } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { type Correspondents, isCorrespondent } from './correspondents.ts';
import { trustLimits } from './limits.ts';
import { isOverQuota, type QuotaBounds } from './stranger-quota.ts';
import { checkAs, type RateClass } from './verification-rates.ts';

const strangerRate = {
  burst: trustLimits.stranger.messagesBurst,
  perSecond: trustLimits.stranger.messagesPerMinute / 60,
};
const LOG_MS = 60_000;

const accepted = accept(null);

/** Limits how much strangers may send us. Correspondents are limited by the verification rates only. */
export interface SenderLimits {
  /** Decides before the signature check, if the sender is visible. Counts nothing: the sender may be forged. */
  classify(event: NostrEvent, tables: Tables, from: Pick<Source, 'isBackfill'>): Verdict<RateClass>;
  /** Counts an authentic payload of this sender, and decides whether to take it. */
  take(tables: Tables, sender: Pubkey, payload: Payload, from: Pick<Source, 'isBackfill'>): Verdict<null>;
}

export function createSenderLimits(
  deps: { readonly clock: Clock; readonly log: Log; readonly correspondents: Correspondents },
  bounds: QuotaBounds,
): SenderLimits {
  const { clock, log, correspondents } = deps;
  const buckets = new Map<Pubkey, TokenBucket>();
  const isLogDue = atMostEvery(clock, LOG_MS);

  function bucketOf(sender: Pubkey): TokenBucket {
    const known = buckets.get(sender);
    if (known) return known;
    // Starting over gives each of them a new burst, but the rate of all strangers together still holds.
    if (buckets.size >= trustLimits.stranger.counted) buckets.clear();
    const bucket = createTokenBucket(clock, strangerRate);
    buckets.set(sender, bucket);
    return bucket;
  }

  /** Asks the store, but only before a refusal: the list of correspondents may be older than a new contact. */
  const isStranger = (tables: Tables, sender: Pubkey): boolean => !isCorrespondent(tables, sender);

  function logFull(sender: Pubkey): void {
    if (isLogDue()) log.warn('too many unread messages of strangers: more are dropped', { peer: sender });
  }

  return {
    classify(event, tables, { isBackfill }) {
      if (event.kind === kinds.giftWrap) return checkAs.giftWrap;
      const { pubkey } = event;
      if (correspondents.has(pubkey)) return checkAs.visibleSender;
      if (isOverQuota(tables, pubkey, 0, bounds) && isStranger(tables, pubkey)) {
        logFull(pubkey);
        return refuse('stranger_quota');
      }
      const isTooFast = !isBackfill && buckets.get(pubkey)?.has() === false;
      return isTooFast && isStranger(tables, pubkey) ? refuse('rate_limited') : checkAs.visibleSender;
    },

    take(tables, sender, payload, { isBackfill }) {
      if (correspondents.has(sender)) return accepted;
      if (!isBackfill && !bucketOf(sender).take() && isStranger(tables, sender))
        return refuse('rate_limited');
      if (payload.kind !== 'chat') return accepted;
      if (isOverQuota(tables, sender, textBytes(payload), bounds) && isStranger(tables, sender)) {
        logFull(sender);
        return refuse('stranger_quota');
      }
      return accepted;
    },
  };
}
