import { errorRow, errorStep, nextSteps, OcmeshError } from '@ocmesh/shared/contract';
import { CommanderError } from 'commander';
import { ExitError, exitCodes, toExitError } from '../../adapters/system/exit.ts';
import { isDiskFull } from '../../node/errno.ts';

/** What to do about wrong arguments. */
export const usageHint = nextSteps.errors.invalid_request.command;

/** An error of a command itself: what happened, and the next step in terms of commands. */
export class CommandError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: string, message: string, hint: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.hint = hint;
    this.details = details;
  }
}

export interface Failure {
  readonly exitCode: number;
  /** Printed with `--json`; the fields are named as in errors of the REST API. */
  readonly body: {
    readonly error: string;
    readonly message: string;
    readonly hint?: string;
    details?: unknown;
  };
}

/** Turns any error into one clear sentence and an exit code. Only bugs show a stack. */
export function toFailure(error: unknown): Failure {
  if (error instanceof CommandError) {
    const { code, message, hint, details } = error;
    return {
      exitCode: exitCodes.permanent,
      body: { error: code, message, hint, ...(details && { details }) },
    };
  }
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return {
      exitCode: exitCodes.permanent,
      body: { error: 'invalid_request', message, hint: usageHint },
    };
  }
  if (error instanceof OcmeshError) {
    const { code, message } = error;
    return {
      exitCode: errorRow(code).retry === 'never' ? exitCodes.permanent : exitCodes.tryAgain,
      body: { error: code, message, hint: errorStep(error, 'command') },
    };
  }
  if (error instanceof ExitError)
    return { exitCode: error.exitCode, body: { error: 'refused', message: error.message } };
  if (isDiskFull(error))
    return {
      exitCode: exitCodes.tryAgain,
      body: {
        error: 'storage_full',
        message: 'The disk is full.',
        hint: nextSteps.errors.storage_full.command,
      },
    };
  const fault = toExitError(error);
  if (fault) return toFailure(fault);
  const { message, stack } = error as Error;
  return { exitCode: exitCodes.crash, body: { error: 'internal', message: stack ?? message } };
}
