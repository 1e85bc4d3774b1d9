/** Where a tunnel ends: a host name that only the proxy resolves, or an address. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Returns the end of a tunnel to this relay. */
export function targetOf(relayUrl: string): Target {
  const { hostname, port, protocol } = new URL(relayUrl);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'wss:' ? 443 : 80),
  };
}
