import { describeSystemError } from '../node/system-error.ts';
import { type Check, type Finding, fail, skipped } from './check.ts';

/** A check and one of its findings. */
export interface CheckResult {
  readonly check: Pick<Check, 'id' | 'what' | 'why'>;
  readonly finding: Finding;
}

/** Runs the checks in order and reports each result at once. A check that fails does not make it reject. */
export async function runChecks(
  checks: readonly Check[],
  onResult: (result: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  /** Checks that failed, or were skipped because of another. Checks that need them are skipped. */
  const blocking = new Set<string>();
  for (const check of checks) {
    const missing = check.needs?.find((id) => blocking.has(id));
    const findings = missing === undefined ? await findingsOf(check) : [skipped(dependsOn(checks, missing))];
    if (missing !== undefined || findings.some(({ state }) => state === 'fail')) blocking.add(check.id);
    for (const finding of findings) {
      results.push({ check, finding });
      onResult({ check, finding });
    }
  }
  return results;
}

async function findingsOf(check: Check): Promise<readonly Finding[]> {
  try {
    return [await check.run()].flat();
  } catch (error) {
    // A check that throws must not stop the others.
    const fault = describeSystemError(error);
    if (fault) return [fail(fault.message, fault.nextStep)];
    const reason = error instanceof Error ? error.message : String(error);
    return [fail(`This could not be checked: ${reason}`, 'Fix that, then run `ocmesh doctor` again.')];
  }
}

function dependsOn(checks: readonly Check[], id: string): string {
  return `Skipped: depends on ${checks.find((check) => check.id === id)?.what ?? id}.`;
}
