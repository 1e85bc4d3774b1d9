import { type ErrorCode, errorRow } from './errors.ts';
import type { Problem } from './next-steps.ts';

interface ErrorExtras {
  /** Replaces the catalogue's message by a more exact one. Never includes text by a peer or relay. */
  readonly message?: string;
  /** Selects a more exact next step than the code's. */
  readonly problem?: Problem;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** An error with a code of the catalogue: the caller's mistake, or a reason why a call cannot succeed now. */
export class OcmeshError extends Error {
  readonly code: ErrorCode;
  readonly problem: Problem | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, extras: ErrorExtras = {}) {
    super(extras.message ?? errorRow(code).message, { cause: extras.cause });
    this.name = 'OcmeshError';
    this.code = code;
    this.problem = extras.problem;
    this.details = extras.details;
    this.retryAfterSeconds = extras.retryAfterSeconds;
  }
}
