import { type Bounds, defaultBounds } from '../../../daemon/src/agent.ts';
import type { MachinePlan } from './plan.ts';

/** So low that a few strangers reach them. What must always arrive still has room. */
export const boundsOf: Readonly<Record<MachinePlan['bounds'], Bounds>> = {
  usual: defaultBounds,
  low: { ...defaultBounds, seenIds: 150, ignoredIds: 20, peers: 60, peersEvicted: 5 },
  crowded: { ...defaultBounds, storedMessages: 12, pruneBatch: 1 },
};
