import type { Clock, Log } from '@ocmesh/shared/ambient';
import { createTokenBucket, type TokenBucket } from '@ocmesh/shared/ambient';
import { type Pubkey, utf8Bytes } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent, type Payload } from '@ocmesh/shared/wire';
import type { Refusal, Refused, Source } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { type Correspondents, isCorrespondent } from './correspondents.ts';
import { trustLimits } from './limits.ts';
import { createStrangerQuota, type QuotaBounds } from './stranger-quota.ts';
import type { RateClass } from './verification-rates.ts';

const strangersRate = {
  burst: trustLimits.stranger.messagesBurst,
  perSecond: trustLimits.stranger.messagesPerMinute / 60,
};
/** Between two lines in the log that say the same. */
const LOG_MS = 60_000;

/** How much strangers may send us. Contacts, and whoever our agent wrote to, are bound by the rates of relays alone. */
export interface SenderLimits {
  /** Before the signature check, where the sender shows. */
  look(event: NostrEvent, tables: Tables, from: { readonly isBackfill: boolean }): Refusal | RateClass;
  /** Counts an authentic payload of this sender. @returns why it is not taken; null when it is */
  refuse(tables: Tables, sender: Pubkey, payload: Payload, source: Source): Refused | null;
}

export function createSenderLimits(
  deps: { readonly clock: Clock; readonly log: Log; readonly correspondents: Correspondents },
  bounds: QuotaBounds,
): SenderLimits {
  const { clock, log, correspondents } = deps;
  const quota = createStrangerQuota(clock, bounds);
  const buckets = new Map<Pubkey, TokenBucket>();
  let loggedAt = Number.NEGATIVE_INFINITY;

  function bucketOf(sender: Pubkey): TokenBucket {
    const known = buckets.get(sender);
    if (known) return known;
    // So many keys are held back by the rate of all strangers together.
    if (buckets.size >= trustLimits.stranger.counted) buckets.clear();
    const bucket = createTokenBucket(clock, strangersRate);
    buckets.set(sender, bucket);
    return bucket;
  }

  /** Asked only where something would be refused: it may have become a contact since the list was made. */
  const isStranger = (tables: Tables, sender: Pubkey): boolean => !isCorrespondent(tables, sender);

  function logFull(sender: Pubkey): void {
    if (clock.monotonic() - loggedAt < LOG_MS) return;
    loggedAt = clock.monotonic();
    log.warn('too many unread messages of strangers: more are dropped', { peer: sender });
  }

  return {
    look(event, tables, { isBackfill }) {
      if (event.kind === kinds.giftWrap) return 'wrap';
      const { pubkey } = event;
      if (correspondents.has(pubkey)) return 'sender';
      if (quota.isFull(tables, pubkey, 0) && isStranger(tables, pubkey)) {
        logFull(pubkey);
        return 'stranger_quota';
      }
      // Only looked at: what a forged signature says of its sender costs the sender nothing.
      const isTooFast = !isBackfill && buckets.get(pubkey)?.has() === false;
      return isTooFast && isStranger(tables, pubkey) ? 'rate_limited' : 'sender';
    },

    refuse(tables, sender, payload, { isBackfill }) {
      if (correspondents.has(sender)) return null;
      if (!isBackfill && !bucketOf(sender).take() && isStranger(tables, sender)) {
        return { refusal: 'rate_limited', isFinal: false };
      }
      if (payload.kind !== 'chat') return null;
      const bytes = utf8Bytes(payload.content) + (payload.data ? utf8Bytes(JSON.stringify(payload.data)) : 0);
      if (quota.isFull(tables, sender, bytes) && isStranger(tables, sender)) {
        logFull(sender);
        return { refusal: 'stranger_quota', isFinal: true };
      }
      quota.add(sender, bytes);
      return null;
    },
  };
}
