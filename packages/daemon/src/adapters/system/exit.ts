/** How the process ends, for service managers. */
export const exitCodes = {
  clean: 0,
  crash: 1,
  /** Trying again may help (EX_TEMPFAIL). */
  tryAgain: 75,
  /** Only a person can help: restarting is no use (EX_CONFIG). */
  permanent: 78,
} as const;

/** A reason not to start, in one sentence with the next step. */
export class ExitError extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
    this.exitCode = exitCode;
  }
}
