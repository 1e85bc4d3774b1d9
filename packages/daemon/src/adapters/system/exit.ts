import { describeSystemError } from '../../node/system-error.ts';

/** Exit codes of the process, for service managers. */
export const exitCodes = {
  clean: 0,
  crash: 1,
  /** A restart may help (EX_TEMPFAIL). */
  tryAgain: 75,
  /** Only a person can help; a restart does not (EX_CONFIG). */
  permanent: 78,
} as const;

/** Ends the process with this exit code. The message says what happened and the next step. */
export class ExitError extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ExitError';
    this.exitCode = exitCode;
  }
}

/** Explains a system error; null for any other error. */
export function toExitError(error: unknown): ExitError | null {
  const fault = describeSystemError(error);
  if (!fault) return null;
  const exitCode = fault.isTemporary ? exitCodes.tryAgain : exitCodes.permanent;
  return new ExitError(exitCode, `${fault.message} ${fault.nextStep}`, error);
}
