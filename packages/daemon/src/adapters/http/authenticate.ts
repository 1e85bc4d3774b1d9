import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Clock, type Log, minuteMs } from '@ocmesh/shared/ambient';
import { callerHeader, OcmeshError, type Operation } from '@ocmesh/shared/contract';
import { httpLimits } from './limits.ts';
import { valuesOf } from './raw-headers.ts';

export interface CallerOptions {
  /** Whether every call needs the token. */
  readonly auth: 'none' | 'token';
  /** The token as it is now; null for none, so that nobody passes. */
  readonly token: () => string | null;
}

export interface Caller {
  readonly owner: boolean;
}

/** Who calls, by the token; asked once the guard let the request in and its route is known. */
export type CallerCheck = (request: IncomingMessage, row: Operation) => Caller;

/** @returns a check that throws OcmeshError `token_required`, `token_wrong`, `too_many_wrong_tokens`, `owner_only` */
export function createCallerCheck(
  { auth, token }: CallerOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): CallerCheck {
  let minuteBegan = clock.monotonic();
  let wrongOnes = 0;

  /** The right token never gets here: no number of wrong ones locks its holder out. */
  function refuse(): OcmeshError {
    const passedMs = clock.monotonic() - minuteBegan;
    if (passedMs >= minuteMs) {
      minuteBegan += passedMs;
      wrongOnes = 0;
    }
    if (wrongOnes++ === 0) log.warn('a call of the API showed a wrong token');
    if (wrongOnes <= httpLimits.wrongTokensPerMinute) return new OcmeshError('token_wrong');
    const retryAfterSeconds = Math.ceil((minuteBegan + minuteMs - clock.monotonic()) / 1000);
    return new OcmeshError('too_many_wrong_tokens', { retryAfterSeconds });
  }

  return (request, row) => {
    const shown = valuesOf(request, 'authorization');
    const isNeeded = row.owner || (auth === 'token' && !row.open);
    // Asked for also where none was shown: who is sent to the file shall find one.
    const right = isNeeded || shown.length > 0 ? token() : null;
    if (shown.length > 0 && !isRight(shown, right)) throw refuse();
    const hasToken = shown.length > 0;
    if (isNeeded && auth === 'token' && !hasToken) throw new OcmeshError('token_required');
    const owner = hasToken && valuesOf(request, callerHeader).length === 0;
    if (row.owner && !owner) throw new OcmeshError('owner_only');
    return { owner };
  };
}

function isRight([header = '', ...more]: readonly string[], token: string | null): boolean {
  const shown = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (shown === undefined || more.length > 0 || token === null) return false;
  return timingSafeEqual(digest(shown), digest(token));
}

/** So that the comparison takes as long for every token, of whatever length. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
