import { type Clock, type Log, minuteMs } from '@ocmesh/shared/ambient';
import { type ErrorCode, OcmeshError } from '@ocmesh/shared/contract';

/**
 * Returns the error for each wrong token or code: after `perMinute` of them, the one that asks to wait. Only wrong ones are
 * counted, so that no number of them locks out the owner of the right one.
 */
export function createRefusal(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  options: {
    readonly first: ErrorCode;
    readonly tooMany: ErrorCode;
    readonly perMinute: number;
    /** Logged for the first one of a minute. */
    readonly notice: string;
  },
): () => OcmeshError {
  // A window and not a token bucket: `Retry-After` names the second from which wrong ones count afresh.
  let windowStart = clock.monotonic();
  let wrong = 0;
  return () => {
    const passedMs = clock.monotonic() - windowStart;
    if (passedMs >= minuteMs) {
      windowStart += passedMs;
      wrong = 0;
    }
    if (wrong++ === 0) log.warn(options.notice);
    if (wrong <= options.perMinute) return new OcmeshError(options.first);
    const retryAfterSeconds = Math.ceil((windowStart + minuteMs - clock.monotonic()) / 1000);
    return new OcmeshError(options.tooMany, { retryAfterSeconds });
  };
}
