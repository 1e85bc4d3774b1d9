import { lookup } from 'node:dns/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { Clock } from '@ocmesh/shared/ambient';
import { nostrLimits } from '../../adapters/nostr/limits.ts';
import { networkFault } from './network-fault.ts';

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** Whether there is a name in it that a DNS server must know. */
export const hasName = (url: string): boolean =>
  isIP(hostOf(url)) === 0 && !/(^|\.)localhost$/.test(hostOf(url));

/** Where the way to a relay ends, before anything of Nostr is spoken; null when it is open. */
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
  // OpenSSL's own messages are for its authors.
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
    const cancel = clock.after(nostrLimits.connection.handshakeMs, () => end(new Error('no answer')));
    socket.once(opened, () => end(null));
    // Stays: a socket that was given up may still fail.
    socket.on('error', end);
  });
}

const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));

/** What the system's calls report has a syscall; what is left was said in the handshake. */
const isCertificateFault = (error: NodeJS.ErrnoException): boolean =>
  error.syscall === undefined && error.message !== 'no answer';
