// The only file that imports socks.
import type { Socket } from 'node:net';
import { nostrLimits } from '../limits.ts';
import type { ProxyAddress } from './proxy-address.ts';
import { ProxyError } from './proxy-error.ts';
import type { Target } from './target.ts';

/** What the library calls the replies of RFC 1928 that are about the relay, and what they mean. */
const replies: Readonly<Record<string, string>> = {
  Failure: 'general failure',
  NotAllowed: 'its rules forbid it',
  NetworkUnreachable: 'network unreachable',
  HostUnreachable: 'host not found or unreachable',
  ConnectionRefused: 'connection refused',
  TTLExpired: 'no response in time',
};

/**
 * Asks a SOCKS5 proxy for a tunnel. The proxy resolves the name.
 * @throws ProxyError, or an error of the library
 */
export async function openSocksTunnel(socket: Socket, proxy: ProxyAddress, target: Target): Promise<void> {
  // Loaded only with such a proxy. In the bundle, CommonJS has only a default export.
  const { SocksClient } = (await import('socks')).default;
  const { user: userId, password } = proxy.credentials() ?? {};
  try {
    await SocksClient.createConnection({
      command: 'connect',
      existing_socket: socket,
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: 5,
        ...(userId === undefined || password === undefined ? {} : { userId, password }),
      },
      destination: target,
      // Its own timer, which must not end before ours.
      timeout: nostrLimits.proxy.tunnelMs * 2,
    });
  } catch (error) {
    throw explain(error instanceof Error ? error.message : '');
  }
}

function explain(message: string): Error {
  if (message.startsWith('Socks5 proxy rejected connection'))
    return new ProxyError(
      'refused',
      `did not connect us: ${replies[message.split(' - ')[1] ?? ''] ?? 'unknown reason'}`,
    );
  if (message === 'Socks5 Authentication failed' || message.includes('no accepted authentication type'))
    return new ProxyError('down', 'wants another user name or password');
  return message.startsWith('Received invalid') || message.includes('internal error')
    ? new ProxyError('down', 'responded with something else than SOCKS5')
    : new Error(message);
}
