import { request as httpRequest } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { ourHeaders } from '../http-headers.ts';
import { nostrLimits } from '../limits.ts';
import type { ProxyAddress } from './proxy-address.ts';
import { ProxyError } from './proxy-error.ts';
import type { Target } from './target.ts';

const PROXY_AUTHENTICATION_REQUIRED = 407;

/**
 * Asks an HTTP proxy for a tunnel (CONNECT), with Node's own client: it limits the header, and refuses what is not HTTP.
 * @throws ProxyError, or the error of the socket
 */
export function openHttpTunnel(socket: Socket, proxy: ProxyAddress, { host, port }: Target): Promise<void> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      method: 'CONNECT',
      path: authority,
      headers: { ...ourHeaders, ...authorization(proxy), host: authority },
      maxHeaderSize: nostrLimits.proxy.headerBytes,
      createConnection: () => socket,
    });
    // Every final response to CONNECT is reported here, whatever its status.
    request.on('connect', ({ statusCode = 0 }, _socket, head) => {
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        return resolve();
      }
      reject(refusalOf(statusCode));
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code?.startsWith('HPE_') ? notHttp(error) : error),
    );
    request.end();
  });
}

const notHttp = ({ code }: NodeJS.ErrnoException): ProxyError =>
  new ProxyError('down', `responded with something else than HTTP (${code})`);

const refusalOf = (status: number): ProxyError =>
  status === PROXY_AUTHENTICATION_REQUIRED
    ? new ProxyError('down', 'wants another user name or password (HTTP 407)')
    : new ProxyError('refused', `did not connect us: HTTP ${status}`);

function authorization(proxy: ProxyAddress): Record<string, string> {
  const given = proxy.credentials();
  if (!given) return {};
  const basic = Buffer.from(`${given.user}:${given.password}`).toString('base64');
  return { 'proxy-authorization': `Basic ${basic}` };
}
