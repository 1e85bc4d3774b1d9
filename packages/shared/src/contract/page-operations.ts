import { operation, pageKeyHeader } from './operation.ts';
import * as pages from './page-schemas.ts';
import { requests } from './requests.ts';
import { Type } from './typebox.ts';

/** The operations that only the page in a browser needs. */
export const pageOperations = {
  getHistory: operation({
    method: 'GET',
    path: '/history',
    summary:
      'Figures of the last 24 hours, one point a minute. Kept in memory: they begin anew when the daemon starts.',
    input: requests.none,
    output: pages.History,
  }),
  createPageCode: operation({
    method: 'POST',
    path: '/page/code',
    summary:
      'Makes a code that signs a browser in on the page, once. A session cannot make one: this takes the token itself.',
    input: requests.none,
    output: pages.PageCode,
    successStatus: 201,
    owner: true,
    session: true,
  }),
  getPageSession: operation({
    method: 'GET',
    path: '/page/session',
    summary: 'Whether this page is signed in.',
    input: requests.none,
    output: pages.PageSession,
    open: true,
    session: true,
  }),
  openPageSession: operation({
    method: 'POST',
    path: '/page/session',
    summary:
      'Signs the page in with a code. The session takes the cookie that comes with the response, and the key as the header ' +
      `\`${pageKeyHeader}\` of every call. Only for the page of this daemon.`,
    input: requests.openPageSession,
    output: pages.PageKey,
    open: true,
    session: true,
    errors: { page_code_wrong: true, too_many_wrong_codes: true },
  }),
  closePageSession: operation({
    method: 'DELETE',
    path: '/page/session',
    summary: 'Signs out every page of this browser, and ends their event streams.',
    input: requests.none,
    output: Type.Object({}),
    open: true,
    session: true,
  }),
};
