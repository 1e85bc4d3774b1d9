import type { Clock, Log } from '@ocmesh/shared/ambient';
import { type Answer, type Conduct, type Finding, untested } from '../model/relay.ts';

/** What tests showed about each relay. In memory: after a start every relay is tested again. */
export interface ConductBook {
  of(url: string): Conduct;
  /** Returns the number of failed tests in a row. */
  failures(url: string): number;
  record(url: string, answers: Readonly<Record<keyof Conduct, Answer>>): void;
}

/** Failed tests in a row that have consequences: one alone may be bad luck. */
const FAILED = 2;
const questions = ['keeps', 'forwards', 'presence'] as const;

export const hasFailed = (failures: number): boolean => failures >= FAILED;

export function createConductBook(deps: {
  readonly clock: Clock;
  readonly log: Log;
  /** What we know about this relay has changed. */
  readonly onChanged: (url: string) => void;
}): ConductBook {
  const { clock, log } = deps;
  const known = new Map<string, { readonly conduct: Conduct; readonly failures: number }>();
  const stateOf = (url: string) => known.get(url) ?? { conduct: untested, failures: 0 };

  return {
    of: (url) => stateOf(url).conduct,
    failures: (url) => stateOf(url).failures,
    record(url, answers) {
      const { conduct: before, failures } = stateOf(url);
      const dated = (question: keyof Conduct): Finding => {
        const { answer, reason } = answers[question];
        // An unanswered question changes nothing that we knew.
        const isNews = answer !== 'unknown' || before[question].answer === 'unknown';
        return isNews ? { answer, reason, atMs: clock.now() } : before[question];
      };
      const conduct = { keeps: dated('keeps'), forwards: dated('forwards'), presence: dated('presence') };
      const nowFailures = { yes: 0, no: failures + 1, unknown: failures }[answers.keeps.answer];
      known.set(url, { conduct, failures: nowFailures });
      if (conduct.keeps.answer === 'no' && before.keeps.answer !== 'no') {
        log.warn('relay drops what it accepts', { relay: url, reason: conduct.keeps.reason });
      }
      const isNew = questions.some((question) => conduct[question].answer !== before[question].answer);
      if (isNew || hasFailed(nowFailures) !== hasFailed(failures)) deps.onChanged(url);
    },
  };
}
