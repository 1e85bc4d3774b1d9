import { type Check, type Finding, fail, skipped } from './check.ts';

/** A check and one of its findings, as people and programs get to see it. */
export interface CheckResult {
  readonly check: Pick<Check, 'id' | 'what' | 'why'>;
  readonly finding: Finding;
}

/** Carries the checks out in their order; each is told as soon as it is done. Never rejects because of a finding. */
export async function runChecks(
  checks: readonly Check[],
  onExamined: (examined: CheckResult) => void = () => {},
): Promise<CheckResult[]> {
  const all: CheckResult[] = [];
  /** Those that others cannot go on from: that failed, or could not be carried out for want of another. */
  const stuck = new Set<string>();
  for (const check of checks) {
    const missing = check.needs?.find((id) => stuck.has(id));
    const findings = missing === undefined ? await look(check) : [skipped(notBefore(checks, missing))];
    if (missing !== undefined || findings.some(({ state }) => state === 'fail')) stuck.add(check.id);
    for (const finding of findings) {
      all.push({ check, finding });
      onExamined({ check, finding });
    }
  }
  return all;
}

async function look(check: Check): Promise<readonly Finding[]> {
  try {
    return [await check.run()].flat();
  } catch (error) {
    // What a check does not understand is no reason to keep the others from it.
    const reason = error instanceof Error ? error.message : String(error);
    return [fail(`It could not be examined: ${reason}`, 'Mend that, then run `ocmesh doctor` again.')];
  }
}

function notBefore(checks: readonly Check[], id: string): string {
  const first = checks.find((check) => check.id === id)?.what ?? id;
  return `Not examined: ${first} comes first.`;
}
