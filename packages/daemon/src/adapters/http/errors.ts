import type { Log } from '@ocmesh/shared/ambient';
import {
  type ErrorBody,
  errorRow,
  errorStep,
  OcmeshError,
  type Operation,
  statusOf,
} from '@ocmesh/shared/contract';

export interface ErrorResponse {
  readonly status: number;
  readonly body: ErrorBody;
  readonly retryAfterSeconds: number | undefined;
}

/** Turns an error into a response. Anything but an `OcmeshError` is a bug: it is logged here, once, and shown as `internal`. */
export function toErrorResponse(
  error: unknown,
  requestId: string,
  log: Log,
  operation?: Operation,
): ErrorResponse {
  if (!(error instanceof OcmeshError)) {
    const stack = error instanceof Error ? error.stack : String(error);
    log.error('a request failed with an internal error', { request_id: requestId, stack });
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
