const HOST = /^wss?:\/\/(\[[0-9a-f:.]+\]|[^/:?#]+)/i;
const LOCAL_NAME = /^([^.]+|.+\.(localhost|local|lan|internal|intranet|home|corp|home\.arpa))$/;
const LOCAL_V4 = /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./;
const LOCAL_V6 = /^\[(::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/;

const LOOPBACK = /^((.+\.)?localhost|127\.[\d.]+|\[::1\])$/;

const hostOf = (url: string): string => HOST.exec(url)?.[1]?.toLowerCase().replace(/\.$/, '') ?? '';

/** Whether a URL names this machine. */
export const isLoopbackRelay = (url: string): boolean => LOOPBACK.test(hostOf(url));

/** Whether a URL has a query. It may hold a secret of its owner, such as `?token=…`, so it is never published. */
export const hasQuery = (url: string): boolean => url.includes('?');

/** Replaces the queries and the user names of all relay URLs in a text: logs and models need not see their secrets. */
export const maskQueries = (text: string): string => maskUsers(maskOnlyQueries(text));

const maskUsers = (text: string): string =>
  text.includes('@') ? text.replace(/\b((?:ws|http)s?:\/\/)[^\s"'`<>/?#@]+@/gi, '$1…@') : text;

const maskOnlyQueries = (text: string): string =>
  text.includes('?') ? text.replace(/\b((?:ws|http)s?:\/\/[^\s"'`<>?]*)\?[^\s"'`<>]+/gi, '$1?…') : text;

/** Whether a URL names this machine or the local network, as far as the URL alone shows. */
export function isLocalRelay(url: string): boolean {
  const host = hostOf(url);
  if (host.startsWith('[')) return LOCAL_V6.test(host);
  return /^[\d.]+$/.test(host) ? LOCAL_V4.test(host) : LOCAL_NAME.test(host);
}
