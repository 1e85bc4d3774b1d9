import type { Plan, Step } from './plan/plan.ts';
import { type Result, simulate } from './run.ts';
import { namesIn } from './steps.ts';

/** Time that a shrunk plan goes on after the step that shows the violation. */
const AFTER_MS = 61_000;

/**
 * Makes a plan with a violation smaller, as long as the same invariant is violated: fewer agents, relays, behaviours, steps, and
 * less time.
 * @param mostRuns how many simulations it may take
 * @param onRun called after each of them
 */
export async function shrink(
  failed: Result,
  mostRuns: number,
  onRun: (steps: number, stillFails: boolean) => void = () => {},
): Promise<Result> {
  const invariant = failed.violations[0]?.invariant;
  let best = failed;
  let runs = 0;

  /** Tries a smaller plan. @returns whether it still shows the violation; then it is the best one */
  async function isEnough(plan: Plan): Promise<boolean> {
    if (runs++ >= mostRuns) return false;
    const result = await simulate(plan);
    const stillFails = result.violations.some((violation) => violation.invariant === invariant);
    onRun(plan.steps.length, stillFails);
    if (stillFails) best = result;
    return stillFails;
  }

  const atMs = failed.violations[0]?.atMs ?? failed.plan.endMs;
  if (atMs + AFTER_MS < failed.plan.endMs) await isEnough(endedAt(best.plan, atMs + AFTER_MS));
  await withoutParts(
    () => best.plan.machines,
    (parts) => isEnough(withMachines(best.plan, parts)),
    2,
  );
  await withoutParts(
    () => best.plan.steps,
    (steps) => isEnough({ ...best.plan, steps }),
    0,
  );
  await withoutParts(
    () => best.plan.machines,
    (parts) => isEnough(withMachines(best.plan, parts)),
    2,
  );
  await withoutParts(
    () => best.plan.relays,
    (parts) => isEnough(withRelays(best.plan, parts)),
    1,
  );
  for (const { name } of best.plan.relays) {
    const relays = best.plan.relays.map((relay) => (relay.name === name ? { name, behaviours: [] } : relay));
    if (best.plan.relays.some((relay) => relay.name === name && relay.behaviours.length > 0))
      await isEnough({ ...best.plan, relays });
  }
  await withoutParts(
    () => best.plan.steps,
    (steps) => isEnough({ ...best.plan, steps }),
    0,
  );
  return best;
}

/** Leaves out halves, then quarters, and so on, down to single parts. */
async function withoutParts<T>(
  parts: () => readonly T[],
  isEnough: (parts: readonly T[]) => Promise<boolean>,
  least: number,
): Promise<void> {
  for (let size = Math.ceil(parts().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < parts().length; ) {
      const fewer = [...parts().slice(0, from), ...parts().slice(from + size)];
      if (fewer.length < least || !(await isEnough(fewer))) from += size;
    }
  }
}

const endedAt = (plan: Plan, endMs: number): Plan => ({
  ...plan,
  endMs,
  steps: plan.steps.filter((step) => step.atMs < endMs),
});

const about = (steps: readonly Step[], names: ReadonlySet<string>): Step[] =>
  steps.filter((step) => namesIn(step).every((name) => names.has(name.replace(/-copy$/, ''))));

function withMachines(plan: Plan, machines: Plan['machines']): Plan {
  const names = new Set([...machines, ...plan.relays].map(({ name }) => name));
  return { ...plan, machines, steps: about(plan.steps, names) };
}

function withRelays(plan: Plan, relays: Plan['relays']): Plan {
  const names = new Set([...plan.machines, ...relays].map(({ name }) => name));
  const machines = plan.machines.map((machine) => {
    const left = machine.relays.filter((relay) => names.has(relay));
    return { ...machine, relays: left.length > 0 ? left : relays.slice(0, 1).map(({ name }) => name) };
  });
  return { ...plan, relays, machines, steps: about(plan.steps, names) };
}
