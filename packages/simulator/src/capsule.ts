import { readFileSync, writeFileSync } from 'node:fs';
import type { Plan } from './plan/plan.ts';
import type { Result } from './run.ts';

/** A failed simulation that anyone can run again. */
export interface Capsule {
  /** The invariant that was violated, and how. */
  readonly violation: string;
  /** What happened, in words, up to the violation. */
  readonly history: readonly string[];
  readonly plan: Plan;
}

/** Lines of the history that are kept: the last ones matter. */
const KEPT_LINES = 200;

export function writeCapsule(path: string, { plan, violations, history }: Result): void {
  const [first] = violations;
  const capsule: Capsule = {
    violation: first ? `${first.invariant}: ${first.detail}` : 'none',
    history: history.slice(-KEPT_LINES),
    plan,
  };
  writeFileSync(path, `${JSON.stringify(capsule, null, 1)}\n`);
}

export const readCapsule = (path: string): Capsule => JSON.parse(readFileSync(path, 'utf8')) as Capsule;
