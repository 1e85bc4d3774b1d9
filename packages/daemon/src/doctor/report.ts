import { cutText, showUnseen } from '@ocmesh/shared/text';
import type { Paint, Style } from '../cli/terminal/output.ts';
import type { Finding } from './check.ts';
import type { CheckResult } from './run-checks.ts';

/** Maximum length of a text in the report; our own texts are shorter. */
const TEXT_CHARS = 1_000;
/** Width of the longest `what`. */
const WHAT_COLUMNS = 13;

const marks: Readonly<Record<Finding['state'], readonly [Style, string]>> = {
  ok: ['green', '✓'],
  warn: ['yellow', '!'],
  fail: ['red', '✗'],
  skipped: ['dim', '-'],
};

/** File names and texts by relays may be deceptive: control and invisible characters are shown as code points. */
const clean = (text: string): string => showUnseen(cutText(text, TEXT_CHARS));

/** Formats a result as one line, and two more if there is something to do. */
export function formatResult({ check, finding }: CheckResult, paint: Paint): string {
  const { state, found, nextStep } = finding;
  const [style, mark] = marks[state];
  const lines = [`${paint(style, mark)} ${check.what.padEnd(WHAT_COLUMNS)} ${clean(found)}`];
  if (nextStep !== null) {
    lines.push(paint('dim', `    why   ${check.why}`), `    next  ${clean(nextStep)}`);
  }
  return lines.join('\n');
}

export function summarize(results: readonly CheckResult[]): string {
  const count = (state: Finding['state']): number =>
    results.filter(({ finding }) => finding.state === state).length;
  const warnings = count('warn');
  return [
    `${count('ok')} ok`,
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
    `${count('fail')} failed`,
    `${count('skipped')} skipped`,
  ].join(', ');
}

/** Returns the report for --json; the ids are stable. */
export const toJson = (results: readonly CheckResult[]) => ({
  ok: isSound(results),
  checks: results.map(({ check, finding }) => ({
    id: check.id,
    what: check.what,
    why: check.why,
    state: finding.state,
    found: clean(finding.found),
    next_step: finding.nextStep === null ? null : clean(finding.nextStep),
    fix: finding.fix ? clean(finding.fix.what) : null,
  })),
});

export const isSound = (results: readonly CheckResult[]): boolean =>
  results.every(({ finding }) => finding.state !== 'fail');
