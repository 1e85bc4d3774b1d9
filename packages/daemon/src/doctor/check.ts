/** Outcome of a check; `skipped` if it does not apply or cannot run. */
type CheckState = 'ok' | 'warn' | 'fail' | 'skipped';

/** A safe change that repairs what a check found. Never touches data or keys. */
export interface Fix {
  /** What it changes, as a sentence without the full stop. */
  readonly what: string;
  /** Files that it removes or rewrites; they are copied first. */
  readonly files: readonly string[];
  apply(): void | Promise<void>;
}

export interface Finding {
  readonly state: CheckState;
  readonly found: string;
  /** null if there is nothing to do. */
  readonly nextStep: string | null;
  readonly fix?: Fix;
}

export interface Check {
  readonly id: string;
  /** What is checked, in a few words. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** Checks that must succeed first. */
  readonly needs?: readonly string[];
  /** Returns one finding, or one per item. */
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
