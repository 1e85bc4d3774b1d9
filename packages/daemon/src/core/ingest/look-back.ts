import { dayMs } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';
import { kinds } from '@ocmesh/shared/wire';
import { identityLimits } from '../identity/limits.ts';

/** How long after its signature a message may be new: senders retry for so long. */
export const MESSAGE_LOOK_BACK_MS = limits.message.days * dayMs;

/** How far events of this kind are back-dated: gift wraps hide when they were made (NIP-59). */
export const backDatedMs = (kind: number): number =>
  kind === kinds.giftWrap ? identityLimits.wrapBackdatedDays * dayMs : 0;
