import { boundsHold } from './bounds-hold.ts';
import { catchUpsReachBack } from './catch-ups-reach-back.ts';
import { cursorsSkipNothing } from './cursors-skip-nothing.ts';
import { deliveredExactlyOnce } from './delivered-exactly-once.ts';
import { healthIsHonest } from './health-is-honest.ts';
import { inOrder } from './in-order.ts';
import type { Invariant } from './invariant.ts';
import { keptOverCrashes } from './kept-over-crashes.ts';
import { ladderIsTrue } from './ladder-is-true.ts';
import { loopsEnd } from './loops-end.ts';
import { nothingExpiresEarly } from './nothing-expires-early.ts';
import { nothingForged } from './nothing-forged.ts';
import { nothingFromTheBlocked } from './nothing-from-the-blocked.ts';
import { presenceIsRight } from './presence-is-right.ts';
import { publishedIsTrue } from './published-is-true.ts';
import { receiptsAreTrue } from './receipts-are-true.ts';
import { retriesAreTheSame } from './retries-are-the-same.ts';
import { roomIsMadeFairly } from './room-is-made-fairly.ts';
import { shownInOrder } from './shown-in-order.ts';
import { shownOnce } from './shown-once.ts';
import { statesAdvance } from './states-advance.ts';
import { writesAreFew } from './writes-are-few.ts';

/** Everything that is checked in each simulation. */
export const invariants: readonly Invariant[] = [
  deliveredExactlyOnce,
  shownOnce,
  inOrder,
  shownInOrder,
  keptOverCrashes,
  statesAdvance,
  ladderIsTrue,
  publishedIsTrue,
  receiptsAreTrue,
  nothingFromTheBlocked,
  nothingForged,
  cursorsSkipNothing,
  catchUpsReachBack,
  nothingExpiresEarly,
  writesAreFew,
  retriesAreTheSame,
  loopsEnd,
  presenceIsRight,
  healthIsHonest,
  boundsHold,
  roomIsMadeFairly,
];
