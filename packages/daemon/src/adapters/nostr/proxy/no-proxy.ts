import { BlockList, isIP } from 'node:net';

/** Whether the entries of a NO_PROXY list name this host. A host name covers its subdomains, as in curl and Go. */
export function isExempt(entries: readonly string[], host: string, port: number): boolean {
  const name = host.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return entries.some((text) => matches(text.toLowerCase(), name, port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [network = '', prefix] = entry.split('/');
  if (prefix !== undefined) return isInside(host, network.replace(/^\[|\]$/g, ''), Number(prefix));
  // An IPv6 address without brackets has colons, but no port.
  const withPort = isIP(entry) === 0 ? /^(.+):(\d+)$/.exec(entry) : null;
  if (withPort && Number(withPort[2]) !== port) return false;
  const named = (withPort?.[1] ?? entry).replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  return named !== '' && (host === named || (isIP(host) === 0 && host.endsWith(`.${named}`)));
}

function isInside(host: string, network: string, prefix: number): boolean {
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family) return false;
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
