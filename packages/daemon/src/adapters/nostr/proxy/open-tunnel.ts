import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure, type SecureContext } from 'node:tls';
import type { Clock } from '@ocmesh/shared/ambient';
import { isCertificateError } from '../../../node/certificate-error.ts';
import { nostrLimits } from '../limits.ts';
import { openHttpTunnel } from './http-tunnel.ts';
import type { ProxyAddress } from './proxy-address.ts';
import { ProxyError } from './proxy-error.ts';
import { openSocksTunnel } from './socks-tunnel.ts';
import type { Target } from './target.ts';

/**
 * Opens a connection to a relay through the proxy, and through nothing else.
 * @param signal gives up
 * @throws ProxyError whose message names the proxy, without its password
 */
export async function openTunnel(
  proxy: ProxyAddress,
  target: Target,
  deps: { readonly clock: Clock; readonly signal: AbortSignal; readonly secureContext: SecureContext | null },
): Promise<Socket> {
  const { clock, signal } = deps;
  const socket = connectTo(proxy, deps.secureContext);
  let failure: ProxyError | null = null;
  const giveUp = (error: ProxyError) => (): void => {
    cancel();
    failure = error;
    socket.destroy(error);
  };
  const abort = giveUp(new ProxyError('refused', 'was not waited for'));
  const cancel = clock.after(
    nostrLimits.proxy.tunnelMs,
    giveUp(new ProxyError('down', `did not respond within ${nostrLimits.proxy.tunnelMs / 1000} s`)),
  );
  signal.addEventListener('abort', abort);
  const ended = endOf(socket);
  try {
    const opened = new Promise((resolve) =>
      socket.once(proxy.protocol === 'https' ? 'secureConnect' : 'connect', resolve),
    );
    await Promise.race([opened, ended]);
    const open = proxy.protocol === 'socks5h' ? openSocksTunnel : openHttpTunnel;
    await Promise.race([open(socket, proxy, target), ended]);
    return socket;
  } catch (error) {
    socket.destroy();
    const { fault, message } = failure ?? toProxyError(error);
    throw new ProxyError(fault, `the proxy ${proxy.shown} ${message}`);
  } finally {
    cancel();
    signal.removeEventListener('abort', abort);
  }
}

function connectTo({ protocol, host, port }: ProxyAddress, secureContext: SecureContext | null): Socket {
  if (protocol !== 'https') return connectPlain({ host, port });
  return connectSecure({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(secureContext ? { secureContext } : {}),
  });
}

/** Rejects when the connection ends: neither protocol notices one that ended before it began. */
function endOf(socket: Socket): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    // Never removed: a destroyed socket may still emit an error, which would end the process.
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
  ended.catch(() => {});
  return ended;
}

function toProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  const why = `(${code ?? message})`;
  if (syscall === 'getaddrinfo') return new ProxyError('down', `was not found by its name ${why}`);
  // Of several addresses, none was reached.
  if (syscall === 'connect' || error instanceof AggregateError)
    return new ProxyError('down', `cannot be reached ${why}`);
  const what = isCertificateError(code)
    ? 'has a certificate that cannot be verified'
    : 'closed the connection';
  return new ProxyError('down', `${what} ${why}`);
}
