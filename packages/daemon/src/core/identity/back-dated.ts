import { dayMs } from '@ocmesh/shared/ambient';
import { kinds } from '@ocmesh/shared/wire';
import { identityLimits } from './limits.ts';

/** How far events of this kind are back-dated: gift wraps hide when they were made (NIP-59). */
export const backDatedMs = (kind: number): number =>
  kind === kinds.giftWrap ? identityLimits.wrapBackdatedDays * dayMs : 0;
