import { isIP } from 'node:net';

/** A proxy, through which relays are reached. */
export interface ProxyAddress {
  readonly protocol: 'http' | 'https' | 'socks5h';
  readonly host: string;
  readonly port: number;
  /** The address for people and logs: without user and password. */
  readonly shown: string;
  /** A function, so that no log and no JSON ever has them. Returns null if there are none. */
  credentials(): { readonly user: string; readonly password: string } | null;
}

const protocols: Readonly<Record<string, ProxyAddress['protocol']>> = {
  'http:': 'http',
  'https:': 'https',
  // Names are always resolved by the proxy.
  'socks:': 'socks5h',
  'socks5:': 'socks5h',
  'socks5h:': 'socks5h',
};
const defaultPorts = { http: 80, https: 443, socks5h: 1080 } as const;
/** Longest user name and password that SOCKS5 can carry, in bytes (RFC 1929). */
const SOCKS_CREDENTIAL_BYTES = 255;

/** Reads a proxy's address. A problem never repeats the text, which may contain a password. */
export function parseProxyAddress(text: string): ProxyAddress | { readonly problem: string } {
  const url = parse(text.trim());
  const protocol = url && protocols[url.protocol];
  const host = url?.hostname.toLowerCase() ?? '';
  const bare = host.replace(/^\[|\]$/g, '');
  if (!url || !protocol || !(isIP(bare) > 0 || /^[a-z0-9._-]+$/.test(host)))
    return { problem: 'it has to be http://host:port, https://host:port or socks5://host:port' };
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '' || url.port === '0')
    return { problem: 'it has more than a host and a port' };
  const credentials = readCredentials(url);
  if (credentials === 'malformed')
    return { problem: 'its user name or password has a % that is not followed by two hex digits' };
  const isTooLong = [credentials?.user, credentials?.password].some(
    (part) => Buffer.byteLength(part ?? '') > SOCKS_CREDENTIAL_BYTES,
  );
  if (protocol === 'socks5h' && isTooLong)
    return { problem: `its user name or password is longer than ${SOCKS_CREDENTIAL_BYTES} bytes` };
  const port = Number(url.port) || defaultPorts[protocol];
  return {
    protocol,
    host: bare,
    port,
    shown: `${protocol}://${host}:${port}`,
    credentials: () => credentials,
  };
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function readCredentials({ username, password }: URL): ReturnType<ProxyAddress['credentials']> | 'malformed' {
  if (username === '' && password === '') return null;
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return 'malformed';
  }
}
