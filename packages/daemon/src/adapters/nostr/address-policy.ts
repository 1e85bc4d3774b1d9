import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { isLocalRelay } from '@ocmesh/shared/wire';
import { isOnion } from './proxy/dialer.ts';

/** Addresses that are not on the public internet, by IANA's special-purpose registries. */
const closedV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/**
 * Exceptions in the global unicast block, some of which embed an IPv4 address. Nothing outside that block is public:
 * mapped, NAT64, unique local, link-local, multicast.
 */
const closedV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

// One list per family: Node matches an IPv4 address with its mapped IPv6 form, too.
const closedTo4 = new BlockList();
for (const [network, prefix] of closedV4) closedTo4.addSubnet(network, prefix, 'ipv4');
const closedTo6 = new BlockList();
for (const [network, prefix] of closedV6) closedTo6.addSubnet(network, prefix, 'ipv6');
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

/** Returns whether an IP address belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !closedTo4.check(address, 'ipv4');
  return family === 6 && global6.check(address, 'ipv6') && !closedTo6.check(address, 'ipv6');
}

export interface AddressPolicy {
  /** Returns whether a peer may make us connect to this URL. Its host name is not resolved yet. */
  allows(url: string): boolean;
  /** Resolves a name for the connection itself, so that the checked address is the one used. One private address refuses the name. */
  readonly lookup: LookupFunction;
}

/**
 * Through a proxy, which resolves the names, only what the URL shows is checked: no private address, no name of a local
 * network. Whether a public name leads into the network of the proxy is for the proxy to say.
 * @param usesProxy whether a relay is reached through the proxy; without one, onion services are refused
 * @param isReachable replaces the rule for addresses and allows `ws:`; for tests on loopback
 */
export function createAddressPolicy(
  usesProxy: (url: string) => boolean,
  isReachable?: (address: string) => boolean,
): AddressPolicy {
  const isOpen = isReachable ?? isPublicAddress;
  const protocols = isReachable ? ['wss:', 'ws:'] : ['wss:'];

  return {
    allows(text) {
      const url = parse(text);
      if (!url) return false;
      if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
      const host = url.hostname.replace(/^\[|\]$/g, '');
      // Tor encrypts the way to an onion service and knows it by its name: it needs no TLS.
      if (isOnion(host)) return ['wss:', 'ws:'].includes(url.protocol) && usesProxy(text);
      if (!protocols.includes(url.protocol)) return false;
      return isIP(host) > 0 ? isOpen(host) : !(usesProxy(text) && isLocalRelay(text));
    },
    lookup(hostname, options, callback) {
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, '');
        const first = firstIfAllAre(addresses, isOpen);
        if (!first) return callback(new Error(`${hostname} has an address that is not public`), '');
        if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
  };
}

const firstIfAllAre = (addresses: LookupAddress[], isOpen: (address: string) => boolean) =>
  addresses.every(({ address }) => isOpen(address)) ? addresses[0] : undefined;

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
