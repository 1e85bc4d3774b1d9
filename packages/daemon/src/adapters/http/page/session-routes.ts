import {
  type CoreHandlers,
  type Handlers,
  type Input,
  OcmeshError,
  type Output,
} from '@ocmesh/shared/contract';
import type { Context } from 'koa';
import type { Caller, FindSession } from '../authenticate.ts';
import { cookiesOf, isFromOwnPage, keyOf, removedCookie, sessionCookie } from './credentials.ts';
import type { PageSessions } from './sessions.ts';

type SessionName = Exclude<keyof Handlers, keyof CoreHandlers>;

/** The operations about sessions. They take the HTTP request, unlike those of the core. */
export type SessionHandlers = {
  readonly [N in SessionName]: (context: Context, input: Input<N>, caller: Caller) => Output<N>;
};

/** @param port returns the port that we listen on */
export const createFindSession =
  (sessions: PageSessions, port: () => number): FindSession =>
  (request) => {
    const key = keyOf(request);
    return key !== null && isFromOwnPage(request) ? sessions.find(cookiesOf(request, port()), key) : null;
  };

/** @param port returns the port that we listen on */
export function createSessionHandlers(sessions: PageSessions, port: () => number): SessionHandlers {
  return {
    createPageCode(_, __, { session }) {
      // A session that could make codes would have no end.
      if (session) throw new OcmeshError('owner_only', { problem: 'token_itself' });
      return sessions.createCode();
    },
    getPageSession: (_, __, { owner, session }) => ({
      signed_in: session !== null,
      ...(owner && !session && { opened: sessions.opened() }),
    }),
    openPageSession(context, { code }) {
      if (!isFromOwnPage(context.req)) {
        throw new OcmeshError('forbidden_origin', {
          message: 'Only the page of this daemon can be signed in.',
          problem: 'only_page',
        });
      }
      const { cookie, key } = sessions.open(code, cookiesOf(context.req, port()));
      context.set('Set-Cookie', sessionCookie(port(), cookie));
      return { key };
    },
    closePageSession(context, _, { session }) {
      if (session) {
        sessions.close(session);
        context.set('Set-Cookie', removedCookie(port()));
      }
      return {};
    },
  };
}
