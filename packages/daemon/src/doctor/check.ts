/** Whether what was looked at is as it should be; `skipped` where there is nothing to look at, or no way to. */
type CheckState = 'ok' | 'warn' | 'fail' | 'skipped';

/** Something safe to do about a finding: never to data or keys. */
export interface Fix {
  /** What it will change, as a sentence without its full stop. */
  readonly what: string;
  /** Files that it removes or rewrites: copied before. */
  readonly files: readonly string[];
  apply(): void;
}

export interface Finding {
  readonly state: CheckState;
  readonly found: string;
  /** null where there is nothing to do. */
  readonly nextStep: string | null;
  readonly fix?: Fix;
}

export interface Check {
  readonly id: string;
  /** What is looked at, in a few words. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** Checks without whose success this one has nothing to go on. */
  readonly needs?: readonly string[];
  /** One finding, or one for each thing of a kind. */
  run(): Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>;
}

export const ok = (found: string): Finding => ({ state: 'ok', found, nextStep: null });
export const skipped = (found: string): Finding => ({ state: 'skipped', found, nextStep: null });
export const warn = (found: string, nextStep: string, fix?: Fix): Finding => ({
  state: 'warn',
  found,
  nextStep,
  ...(fix ? { fix } : {}),
});
export const fail = (found: string, nextStep: string, fix?: Fix): Finding => ({
  ...warn(found, nextStep, fix),
  state: 'fail',
});
