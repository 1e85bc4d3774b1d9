import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock, Log } from '@ocmesh/shared/ambient';
import { callerHeader, OcmeshError, type Operation } from '@ocmesh/shared/contract';
import { headerValues } from './headers.ts';
import { httpLimits } from './limits.ts';
import { isBrowser } from './page/credentials.ts';
import type { PageSession } from './page/sessions.ts';
import { createRefusal } from './refuse-wrong.ts';

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
  /** The session of the page that calls; null for any other caller. */
  readonly session: PageSession | null;
}

/** Finds out from which page a request comes. */
export type FindSession = (request: IncomingMessage) => PageSession | null;

/**
 * Finds out who calls, by the token or by the session of the page. Called after the browser guard, once the route is known.
 * @throws OcmeshError `token_required`, `token_wrong`, `too_many_wrong_tokens`, `token_unreadable`,
 *   `page_session_required`, `owner_only`
 */
export type Authenticate = (request: IncomingMessage, row: Operation) => Caller;

export function createAuthenticate(
  { auth, token }: CallerOptions,
  {
    clock,
    log,
    findSession,
  }: { readonly clock: Clock; readonly log: Log; readonly findSession: FindSession },
): Authenticate {
  const refuse = createRefusal(
    { clock, log },
    {
      first: 'token_wrong',
      tooMany: 'too_many_wrong_tokens',
      perMinute: httpLimits.wrongTokensPerMinute,
      notice: 'an API call carried a wrong token',
    },
  );

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
    const hasToken = shown.length > 0;
    if (hasToken && !isRight(shown, token())) throw refuse();
    const session = hasToken ? null : findSession(request);
    if (!hasToken && !session) {
      if (!row.open && isBrowser(request)) throw new OcmeshError('page_session_required');
      const isNeeded = row.owner || (auth === 'token' && !row.open);
      if (isNeeded) createIfMissing();
      if (isNeeded && auth === 'token') throw new OcmeshError('token_required');
    }
    const owner = (hasToken || session !== null) && headerValues(request, callerHeader).length === 0;
    if (row.owner && !owner) throw new OcmeshError('owner_only');
    return { owner, session };
  };
}

function isRight([header = '', ...more]: readonly string[], token: string | null): boolean {
  const shown = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (shown === undefined || more.length > 0 || token === null) return false;
  return timingSafeEqual(digest(shown), digest(token));
}

/** Makes the comparison take equally long for every token, whatever its length. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
