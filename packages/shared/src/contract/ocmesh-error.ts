import { type ErrorCode, errorRow } from './errors.ts';

interface ErrorExtras {
  /** Replaces the catalogue's sentence by a more exact one. Ours alone. */
  readonly message?: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** What a caller did wrong, or why the world cannot serve it now. */
export class OcmeshError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, extras: ErrorExtras = {}) {
    const row = errorRow(code);
    super(extras.message ?? row.message, { cause: extras.cause });
    this.name = 'OcmeshError';
    this.code = code;
    this.hint = extras.hint ?? row.hint;
    this.details = extras.details;
    this.retryAfterSeconds = extras.retryAfterSeconds;
  }
}
