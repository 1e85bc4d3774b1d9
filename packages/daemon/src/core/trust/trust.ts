import type { Clock } from '@ocmesh/shared/ambient';
import type { Policy } from '@ocmesh/shared/contract';
import type { Store } from '../ports/store.ts';
import { type BlockList, createBlockList } from './block-list.ts';
import { createLoopGuard, type LoopGuard } from './loop-guard.ts';
import { createPolicies, type Policies } from './policy.ts';

export interface Trust {
  readonly policies: Policies;
  readonly loopGuard: LoopGuard;
  readonly blockList: BlockList;
}

/** Who may reach the agent, and whom it may reach. */
export const createTrust = (
  deps: { readonly store: Store; readonly clock: Clock },
  configured: Policy,
): Trust => ({
  policies: createPolicies(deps, configured),
  loopGuard: createLoopGuard(deps),
  blockList: createBlockList(deps),
});
