/** Returns whether an address or host name can only mean this machine. */
export const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);

/** Returns host and port of a WebSocket URL as `URL` writes them, without a default port; null for any other text. */
export function hostOf(url: string): string | null {
  try {
    const { protocol, host } = new URL(url);
    return protocol === 'ws:' || protocol === 'wss:' ? host : null;
  } catch {
    return null;
  }
}

/** Returns the address as written in a URL: IPv6 in brackets. */
export const inUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address);
