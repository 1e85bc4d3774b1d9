import { lookup } from 'node:dns/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { Clock } from '@ocmesh/shared/ambient';
import { nostrLimits } from '../../adapters/nostr/limits.ts';
import { networkFault } from './network-fault.ts';

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** Whether the URL has a host name that needs DNS. */
export const hasName = (url: string): boolean =>
  isIP(hostOf(url)) === 0 && !/(^|\.)localhost$/.test(hostOf(url));

/** Returns the step at which connecting to a relay fails, before any Nostr traffic; null if none does. */
export async function traceRelay(
  url: string,
  clock: Clock,
): Promise<{ readonly step: 'DNS' | 'TCP' | 'TLS'; readonly why: string } | null> {
  const { protocol, port } = new URL(url);
  const host = hostOf(url);
  const secure = protocol === 'wss:';
  try {
    if (isIP(host) === 0) await lookup(host);
  } catch (error) {
    return { step: 'DNS', why: networkFault('getaddrinfo', codeOf(error)) };
  }
  const socket = secure
    ? connectSecure({ host, port: Number(port || 443), ...(isIP(host) === 0 ? { servername: host } : {}) })
    : connectPlain({ host, port: Number(port || 80) });
  const error = await outcomeOf(socket, secure ? 'secureConnect' : 'connect', clock);
  if (error === null) return null;
  const step = secure && isCertificateFault(error) ? 'TLS' : 'TCP';
  // `message` of an OpenSSL error has internal details; `reason` is readable.
  const { reason = error.message } = error as Error & { reason?: string };
  return { step, why: step === 'TLS' ? reason : networkFault('connect', codeOf(error)) };
}

function outcomeOf(socket: Socket, opened: string, clock: Clock): Promise<Error | null> {
  return new Promise((resolve) => {
    const end = (error: Error | null): void => {
      cancel();
      socket.destroy();
      resolve(error);
    };
    const cancel = clock.after(nostrLimits.connection.handshakeMs, () => end(new Error('no response')));
    socket.once(opened, () => end(null));
    // Never removed: a destroyed socket may still emit an error.
    socket.on('error', end);
  });
}

const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));

/** Errors of system calls have a `syscall`; others come from the TLS handshake. */
const isCertificateFault = (error: NodeJS.ErrnoException): boolean =>
  error.syscall === undefined && error.message !== 'no response';
