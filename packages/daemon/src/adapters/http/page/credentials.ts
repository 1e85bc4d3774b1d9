import type { IncomingMessage } from 'node:http';
import { pageKeyHeader } from '@ocmesh/shared/contract';
import { headerValues } from '../headers.ts';
import { pageLimits } from './limits.ts';

/** With the port: cookies are shared by all ports of a host, and there may be another daemon on one of them. */
const cookieName = (port: number): string => `ocmesh_session_${port}`;

/** Returns the cookie as a header. No script can read it, and it lives as long as the browser. */
export const sessionCookie = (port: number, value: string): string =>
  `${cookieName(port)}=${value}; HttpOnly; SameSite=Strict; Path=/`;

export const removedCookie = (port: number): string => `${sessionCookie(port, '')}; Max-Age=0`;

/** Returns the session cookies of a request: more than one if another port set one for a longer path, which comes first. */
export function cookiesOf(request: IncomingMessage, port: number): string[] {
  const start = `${cookieName(port)}=`;
  return headerValues(request, 'cookie')
    .flatMap((header) => header.split(/; */))
    .filter((pair) => pair.startsWith(start))
    .slice(0, pageLimits.cookies)
    .map((pair) => pair.slice(start.length));
}

/** Returns the key of a page's session; null if there is none, or several. */
export function keyOf(request: IncomingMessage): string | null {
  const [key, ...more] = headerValues(request, pageKeyHeader);
  return key === undefined || more.length > 0 ? null : key;
}

/**
 * Whether a browser says that our own page sent this request. A page of another origin cannot send Sec-Fetch-Site itself, and
 * the header with the key would need a preflight, which we refuse. What changes something also needs our Origin.
 */
export function isFromOwnPage(request: IncomingMessage): boolean {
  const sites = headerValues(request, 'sec-fetch-site');
  const origins = headerValues(request, 'origin');
  const own = `http://${headerValues(request, 'host')[0]}`;
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  const hasOwnOrigin = origins.length === 1 && origins[0] === own;
  return (
    sites.length === 1 && sites[0] === 'same-origin' && (hasOwnOrigin || (isReading && origins.length === 0))
  );
}

/** Whether a web browser sends this request: it says where from, or shows what only a browser keeps. Node's fetch does not. */
export const isBrowser = (request: IncomingMessage): boolean =>
  ['sec-fetch-site', 'origin', 'cookie', pageKeyHeader].some(
    (name) => headerValues(request, name).length > 0,
  );
