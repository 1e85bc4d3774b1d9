import type { Log } from '@ocmesh/shared/ambient';
import {
  type ErrorBody,
  errorRow,
  errorStep,
  OcmeshError,
  type Operation,
  statusOf,
} from '@ocmesh/shared/contract';

export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
  readonly retryAfterSeconds: number | undefined;
}

/** The answer to an error. What is no `OcmeshError` is our mistake: logged here, once, and told as `internal`. */
export function toAnswer(error: unknown, requestId: string, log: Log, operation?: Operation): ErrorAnswer {
  if (!(error instanceof OcmeshError)) {
    const stack = error instanceof Error ? error.stack : String(error);
    log.error('a request ended in a mistake of ours', { request_id: requestId, stack });
  }
  const known = error instanceof OcmeshError ? error : new OcmeshError('internal');
  const { status } = errorRow(known.code);
  return {
    status: operation ? statusOf(operation, known.code, status) : status,
    body: {
      error: known.code,
      message: known.message,
      hint: errorStep(known, 'api'),
      request_id: requestId,
      ...(known.problem ? { problem: known.problem } : {}),
      ...(known.details ? { details: { ...known.details } } : {}),
    },
    retryAfterSeconds: known.retryAfterSeconds,
  };
}
