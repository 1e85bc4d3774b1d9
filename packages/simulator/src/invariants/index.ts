import { deliveredExactlyOnce } from './delivered-exactly-once.ts';
import type { Invariant } from './invariant.ts';

/** Everything that is checked in each simulation. */
export const invariants: readonly Invariant[] = [deliveredExactlyOnce];
