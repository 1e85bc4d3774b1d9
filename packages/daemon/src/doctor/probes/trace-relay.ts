import { lookup } from 'node:dns/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import type { Clock } from '@ocmesh/shared/ambient';
import { isLoopbackRelay } from '@ocmesh/shared/wire';
import { nostrLimits } from '../../adapters/nostr/limits.ts';
import { isOnion, isProxied, ONION_NEEDS_PROXY, type Outbound } from '../../adapters/nostr/proxy/dialer.ts';
import { openTunnel } from '../../adapters/nostr/proxy/open-tunnel.ts';
import { targetOf } from '../../adapters/nostr/proxy/target.ts';
import { trustAlso } from '../../adapters/nostr/proxy/trust-store.ts';
import { isCertificateError } from '../../node/certificate-error.ts';
import { networkFault } from './network-fault.ts';

/** Whether the URL has a host name that needs DNS. */
export const hasName = (url: string): boolean => isIP(targetOf(url).host) === 0 && !isLoopbackRelay(url);

/** The step at which connecting to a relay fails, before any Nostr traffic. */
export interface BrokenStep {
  readonly step: 'proxy' | 'DNS' | 'TCP' | 'TLS';
  readonly why: string;
  /** The certificate does not lead to an authority that is trusted here, or is not for this host. */
  readonly isCertificate?: true;
}

const broken = (step: BrokenStep['step'], why: string): BrokenStep => ({ step, why });

/** Returns the step at which connecting fails on the way that the daemon takes; null if none does. */
export async function traceRelay(url: string, clock: Clock, outbound: Outbound): Promise<BrokenStep | null> {
  const { protocol } = new URL(url);
  const { host, port } = targetOf(url);
  const secureContext = trustAlso(outbound.authorities);
  let tunnel: Socket | null = null;
  if (outbound.proxy && isProxied(outbound, url)) {
    try {
      const signal = new AbortController().signal;
      tunnel = await openTunnel(outbound.proxy, targetOf(url), { clock, signal, secureContext });
    } catch (error) {
      return broken('proxy', (error as Error).message);
    }
  } else if (isOnion(host)) {
    return broken('proxy', ONION_NEEDS_PROXY);
  } else {
    try {
      if (isIP(host) === 0) await lookup(host);
    } catch (error) {
      return broken('DNS', networkFault('getaddrinfo', codeOf(error)));
    }
  }
  const secure = protocol === 'wss:';
  if (tunnel && !secure) {
    tunnel.destroy();
    return null;
  }
  const options: ConnectionOptions = { host, port };
  if (tunnel) options.socket = tunnel;
  if (isIP(host) === 0) options.servername = host;
  if (secureContext) options.secureContext = secureContext;
  const socket = secure ? connectSecure(options) : connectPlain({ host, port });
  const error = await outcomeOf(socket, secure ? 'secureConnect' : 'connect', clock);
  if (error === null) return null;
  if (!secure || !isTlsFault(error)) return broken('TCP', networkFault('connect', codeOf(error)));
  // `message` of an OpenSSL error has internal details; `reason` is readable.
  const { reason = error.message } = error as Error & { reason?: string };
  return { ...broken('TLS', reason), ...(isCertificateError(codeOf(error)) ? { isCertificate: true } : {}) };
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
const isTlsFault = (error: NodeJS.ErrnoException): boolean =>
  error.syscall === undefined && error.message !== 'no response';
