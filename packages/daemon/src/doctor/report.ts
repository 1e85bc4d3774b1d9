import { cutText, showUnseen } from '@ocmesh/shared/text';
import type { Paint, Style } from '../cli/terminal/output.ts';
import type { Finding } from './check.ts';
import type { CheckResult } from './run-checks.ts';

/** Characters of one text of the report: none of ours is longer. */
const TEXT_CHARS = 1_000;
/** As wide as the widest `what`. */
const WHAT_COLUMNS = 17;

const marks: Readonly<Record<Finding['state'], readonly [Style, string]>> = {
  ok: ['green', '✓'],
  warn: ['yellow', '!'],
  fail: ['red', '✗'],
  skipped: ['dim', '-'],
};

/** Names of files and words of relays are in it: whatever could deceive a reader is shown as its number. */
const clean = (text: string): string => showUnseen(cutText(text, TEXT_CHARS));

/** One line; two more where there is something to do. */
export function formatResult({ check, finding }: CheckResult, paint: Paint): string {
  const { state, found, nextStep } = finding;
  const [style, mark] = marks[state];
  const lines = [`${paint(style, mark)} ${check.what.padEnd(WHAT_COLUMNS)} ${clean(found)}`];
  if (nextStep !== null) {
    lines.push(paint('dim', `    why   ${check.why}`), `    next  ${clean(nextStep)}`);
  }
  return lines.join('\n');
}

export function summarize(all: readonly CheckResult[]): string {
  const count = (state: Finding['state']): number =>
    all.filter(({ finding }) => finding.state === state).length;
  const warnings = count('warn');
  return [
    `${count('ok')} ok`,
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
    `${count('fail')} failed`,
    `${count('skipped')} not examined`,
  ].join(', ');
}

/** For programs: the same with stable names. */
export const toJson = (all: readonly CheckResult[]) => ({
  ok: isSound(all),
  checks: all.map(({ check, finding }) => ({
    id: check.id,
    what: check.what,
    why: check.why,
    state: finding.state,
    found: clean(finding.found),
    next_step: finding.nextStep === null ? null : clean(finding.nextStep),
    fix: finding.fix ? clean(finding.fix.what) : null,
  })),
});

export const isSound = (all: readonly CheckResult[]): boolean =>
  all.every(({ finding }) => finding.state !== 'fail');
