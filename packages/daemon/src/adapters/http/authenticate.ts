import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Clock, type Log, minuteMs } from '@ocmesh/shared/ambient';
import { callerHeader, OcmeshError, type Operation } from '@ocmesh/shared/contract';
import { headerValues } from './headers.ts';
import { httpLimits } from './limits.ts';

export interface CallerOptions {
  /** `token` if every call needs the token. */
  readonly auth: 'none' | 'token';
  /**
   * Returns the current token; null if there is none, so that no token is accepted.
   * @throws OcmeshError `token_unreadable` if that cannot be found out now
   */
  readonly token: () => string | null;
}

export interface Caller {
  readonly owner: boolean;
}

/**
 * Finds out by the token who calls. Called after the browser guard, once the route is known.
 * @throws OcmeshError `token_required`, `token_wrong`, `too_many_wrong_tokens`, `token_unreadable`, `owner_only`
 */
export type Authenticate = (request: IncomingMessage, row: Operation) => Caller;

export function createAuthenticate(
  { auth, token }: CallerOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Authenticate {
  // A window and not a token bucket: `Retry-After` names the second from which wrong tokens count afresh.
  let windowStart = clock.monotonic();
  let wrongTokens = 0;

  /** Counts wrong tokens only, so that no number of them locks out the owner of the right one. */
  function refuse(): OcmeshError {
    const passedMs = clock.monotonic() - windowStart;
    if (passedMs >= minuteMs) {
      windowStart += passedMs;
      wrongTokens = 0;
    }
    if (wrongTokens++ === 0) log.warn('an API call carried a wrong token');
    if (wrongTokens <= httpLimits.wrongTokensPerMinute) return new OcmeshError('token_wrong');
    const retryAfterSeconds = Math.ceil((windowStart + minuteMs - clock.monotonic()) / 1000);
    return new OcmeshError('too_many_wrong_tokens', { retryAfterSeconds });
  }

  /** Before an error that points to the token file: it must not point to a missing one. */
  function createIfMissing(): void {
    try {
      token();
    } catch {
      // The caller has to send a token in any case.
    }
  }

  return (request, row) => {
    const shown = headerValues(request, 'authorization');
    const isNeeded = row.owner || (auth === 'token' && !row.open);
    const hasToken = shown.length > 0;
    if (hasToken && !isRight(shown, token())) throw refuse();
    if (isNeeded && !hasToken) createIfMissing();
    if (isNeeded && auth === 'token' && !hasToken) throw new OcmeshError('token_required');
    const owner = hasToken && headerValues(request, callerHeader).length === 0;
    if (row.owner && !owner) throw new OcmeshError('owner_only');
    return { owner };
  };
}

function isRight([header = '', ...more]: readonly string[], token: string | null): boolean {
  const shown = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (shown === undefined || more.length > 0 || token === null) return false;
  return timingSafeEqual(digest(shown), digest(token));
}

/** Makes the comparison take equally long for every token, whatever its length. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
