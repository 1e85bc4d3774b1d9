/** Whether this address or host name can only mean the same machine. */
export const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);

/** Host and port of a WebSocket URL in the one form that `URL` gives them (no default port); null when it is none. */
export function hostOf(url: string): string | null {
  try {
    const { protocol, host } = new URL(url);
    return protocol === 'ws:' || protocol === 'wss:' ? host : null;
  } catch {
    return null;
  }
}

/** The address as it stands in a URL: IPv6 in brackets. */
export const inUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address);
