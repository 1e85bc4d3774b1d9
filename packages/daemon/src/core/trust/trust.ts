import type { Clock, ConfirmedMs, Log, UnixMs } from '@ocmesh/shared/ambient';
import { createTokenBucket, type TokenBucket } from '@ocmesh/shared/ambient';
import type { Policy } from '@ocmesh/shared/contract';
import type { Store, Tables } from '../ports/store.ts';
import { type BlockList, createBlockList } from './block-list.ts';
import { type Correspondents, createCorrespondents } from './correspondents.ts';
import { createFirstContacts, type FirstContacts } from './first-contact-limit.ts';
import { trustLimits } from './limits.ts';
import { createLoopGuard, type LoopGuard } from './loop-guard.ts';
import { makeRoomForPeer, type PeerBounds } from './peer-capacity.ts';
import { createPolicies, type Policies } from './policy.ts';
import { createSenderLimits, type SenderLimits } from './sender-limits.ts';
import type { QuotaBounds } from './stranger-quota.ts';
import { createVerificationRates, type VerificationRates } from './verification-rates.ts';

export interface Trust {
  readonly policies: Policies;
  readonly loopGuard: LoopGuard;
  readonly firstContacts: FirstContacts;
  readonly blockList: BlockList;
  readonly correspondents: Correspondents;
  readonly verificationRates: VerificationRates;
  readonly senderLimits: SenderLimits;
  /** Limits receipts and automatic replies to strangers. */
  readonly strangersRation: TokenBucket;
  /** Makes room for one more peer. @returns whether there is room */
  readonly makeRoomForPeer: (tables: Tables, options?: { readonly writes: boolean }) => boolean;
}

/** Decides who may reach the agent, who it may write to, and how much. */
export function createTrust(
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly confirmedNow: () => ConfirmedMs;
    readonly toDate: (confirmedMs: ConfirmedMs) => UnixMs;
    readonly log: Log;
  },
  configured: Policy,
  bounds: PeerBounds & QuotaBounds,
): Trust {
  const { clock } = deps;
  const correspondents = createCorrespondents(deps);
  return {
    policies: createPolicies(deps, configured),
    loopGuard: createLoopGuard(deps),
    firstContacts: createFirstContacts(deps),
    blockList: createBlockList(deps),
    correspondents,
    verificationRates: createVerificationRates(clock),
    senderLimits: createSenderLimits({ ...deps, correspondents }, bounds),
    strangersRation: createTokenBucket(clock, {
      burst: trustLimits.stranger.repliesBurst,
      perSecond: trustLimits.stranger.repliesPerMinute / 60,
    }),
    makeRoomForPeer: (tables, options) => makeRoomForPeer(tables, bounds, options),
  };
}
