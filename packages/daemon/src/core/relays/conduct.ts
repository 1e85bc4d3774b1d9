import type { Clock, Log } from '@ocmesh/shared/ambient';
import { type Answer, type Conduct, type Finding, untested } from '../model/relay.ts';

/** What tests showed about each relay. In memory: after a start every relay is tested again. */
export interface ConductBook {
  of(url: string): Conduct;
  /** Returns the number of failed tests in a row. */
  failures(url: string): number;
  /** Takes the answers to one, some or all questions; the others stay as they are. */
  record(url: string, answers: Partial<Readonly<Record<keyof Conduct, Answer>>>): void;
  /** Our open subscription brought a new message of this relay. */
  onForwarded(url: string): void;
  /** A query found messages on this relay that our open subscription should have brought. */
  onMissed(url: string, messages: number): void;
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

  function record(url: string, answers: Parameters<ConductBook['record']>[1]): void {
    const { conduct: before, failures } = stateOf(url);
    const dated = (question: keyof Conduct): Finding => {
      const found = answers[question];
      // An unanswered question changes nothing that we knew.
      const isNews = found && (found.answer !== 'unknown' || before[question].answer === 'unknown');
      return isNews ? { ...found, atMs: clock.now() } : before[question];
    };
    const conduct = { keeps: dated('keeps'), forwards: dated('forwards'), presence: dated('presence') };
    const nowFailures = { yes: 0, no: failures + 1, unknown: failures }[answers.keeps?.answer ?? 'unknown'];
    known.set(url, { conduct, failures: nowFailures });
    if (conduct.keeps.answer === 'no' && before.keeps.answer !== 'no') {
      log.warn('relay drops what it accepts', { relay: url, reason: conduct.keeps.reason });
    }
    const isNew = questions.some((question) => conduct[question].answer !== before[question].answer);
    if (isNew || hasFailed(nowFailures) !== hasFailed(failures)) deps.onChanged(url);
  }

  return {
    record,
    of: (url) => stateOf(url).conduct,
    failures: (url) => stateOf(url).failures,
    onForwarded: (url) => record(url, { forwards: { answer: 'yes', reason: null } }),
    onMissed(url, messages) {
      const count = messages === 1 ? 'a message' : `${messages} messages`;
      const reason = `It had ${count} for us that it did not send to our open subscription.`;
      record(url, { forwards: { answer: 'no', reason } });
    },
  };
}
