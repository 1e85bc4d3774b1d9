import type { RequestOptions } from 'node:http';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectSecure, type SecureContext } from 'node:tls';
import { type Clock, type Log, type MonotonicMs, minuteMs } from '@ocmesh/shared/ambient';
import { isLoopbackRelay } from '@ocmesh/shared/wire';
import { nostrLimits } from '../limits.ts';
import { openTunnel } from './open-tunnel.ts';
import type { ProxyAddress } from './proxy-address.ts';
import { ProxyError } from './proxy-error.ts';
import { targetOf } from './target.ts';
import { trustAlso } from './trust-store.ts';

/** How connections leave this machine. */
export interface Outbound {
  /** null: directly. */
  readonly proxy: ProxyAddress | null;
  /** Whether a host is reached directly although there is a proxy. */
  readonly isExempt: (host: string, port: number) => boolean;
  /** Certificates, as PEM, of authorities that are trusted besides the system's. */
  readonly authorities: readonly string[];
}

export const direct: Outbound = { proxy: null, isExempt: () => false, authorities: [] };

/** Whether this relay is reached through the proxy. One on this machine never is: it would be another one there. */
export function isProxied({ proxy, isExempt }: Outbound, relayUrl: string): boolean {
  if (!proxy || isLoopbackRelay(relayUrl)) return false;
  const { host, port } = targetOf(relayUrl);
  return isOnion(host) || !isExempt(host, port);
}

/** Decides how each relay is reached, for WebSockets and for NIP-11. Nothing else in the daemon leaves the machine. */
export interface Dialer {
  /** Whether this relay is reached through the proxy. */
  usesProxy(relayUrl: string): boolean;
  /**
   * Returns options for Node's HTTP client and for `ws`.
   * @param signal ends a connection through the proxy that is not open yet
   * @param lookup resolves the names of relays that are reached directly
   */
  optionsFor(relayUrl: string, signal: AbortSignal, lookup?: LookupFunction): DialOptions;
}

type DialOptions = Pick<RequestOptions, 'createConnection' | 'lookup'> & {
  secureContext?: SecureContext;
};

export const ONION_NEEDS_PROXY =
  'an onion service is only reached through a proxy, such as Tor: see the setting proxy';

/** Whether a relay is an onion service, which only Tor can reach. Such a name is never looked up (RFC 7686). */
export const isOnion = (host: string): boolean => /\.onion\.?$/i.test(host);

export function createDialer(deps: {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly log: Log;
}): Dialer {
  const { clock, log } = deps;
  const { proxy, authorities } = deps.outbound;
  const usesProxy = (relayUrl: string): boolean => isProxied(deps.outbound, relayUrl);
  const secureContext = trustAlso(authorities);
  /** When the log last told that the proxy does not work; null while it works. */
  let toldAt: MonotonicMs | null = null;

  function tell(error: unknown): void {
    if (!(error instanceof ProxyError)) {
      if (toldAt !== null) log.info('the proxy works again', { proxy: proxy?.shown ?? '' });
      toldAt = null;
      return;
    }
    const isNew = toldAt === null || clock.monotonic() - toldAt > nostrLimits.proxy.logMinutes * minuteMs;
    if (error.fault !== 'down' || !isNew) return;
    toldAt = clock.monotonic();
    log.warn('the proxy does not work: relays are reached through nothing else', { reason: error.message });
  }

  async function openThrough(address: ProxyAddress, relayUrl: string, signal: AbortSignal): Promise<Socket> {
    const target = targetOf(relayUrl);
    try {
      const socket = await openTunnel(address, target, { clock, signal, secureContext });
      tell(null);
      if (!relayUrl.startsWith('wss:')) return socket;
      return connectSecure({
        socket,
        host: target.host,
        servername: isIP(target.host) === 0 ? target.host : '',
        ...(secureContext ? { secureContext } : {}),
      });
    } catch (error) {
      if (!signal.aborted) tell(error);
      throw error;
    }
  }

  return {
    usesProxy,
    optionsFor(relayUrl, signal, lookup) {
      if (proxy && usesProxy(relayUrl)) {
        return {
          createConnection(_options, done) {
            openThrough(proxy, relayUrl, signal).then((socket) => done(null, socket), done as never);
            return undefined;
          },
        };
      }
      if (isOnion(targetOf(relayUrl).host)) {
        return {
          createConnection() {
            throw new Error(ONION_NEEDS_PROXY);
          },
        };
      }
      const options: DialOptions = {};
      if (secureContext) options.secureContext = secureContext;
      const lookupHere = proxy && isLoopbackRelay(relayUrl) ? lookupLoopback : lookup;
      if (lookupHere) options.lookup = lookupHere;
      return options;
    },
  };
}

/** Resolves names of this machine without DNS, which would tell others what is not theirs to know behind a proxy. */
const lookupLoopback: LookupFunction = (_hostname, options, callback) => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  if (options.all) callback(null, addresses);
  else callback(null, '127.0.0.1', 4);
};
