import type { Clock } from '@ocmesh/shared/ambient';
import { isProxied } from '../../adapters/nostr/proxy/dialer.ts';
import { openTunnel } from '../../adapters/nostr/proxy/open-tunnel.ts';
import { ProxyError } from '../../adapters/nostr/proxy/proxy-error.ts';
import { targetOf } from '../../adapters/nostr/proxy/target.ts';
import { trustAlso } from '../../adapters/nostr/proxy/trust-store.ts';
import type { OutboundSettings } from '../../config/outbound.ts';
import { type Check, type Finding, fail, ok, warn } from '../check.ts';
import type { Facts } from '../probes/facts.ts';

const SETTING =
  'Name the proxy that relays are to be reached through in config.json ("proxy", or "none"), and restart the daemon.';

export const proxyCheck = (facts: Pick<Facts, 'config' | 'daemon' | 'relays'>, clock: Clock): Check => ({
  id: 'proxy',
  what: 'Proxy',
  why: 'With a proxy, relays are reached through nothing else: without it, nothing arrives and nothing goes out.',
  needs: ['config', 'store'],
  async run() {
    const { outbound, values, origins } = facts.config();
    const used = (await facts.daemon())?.status.proxy;
    const here = outbound.proxy?.shown ?? null;
    const authority =
      values.ca_file === null ? '' : `; certificates of ca_file from ${origins.ca_file} are trusted`;
    if (used !== undefined && (used?.address ?? null) !== here) {
      const its = used ? `through ${used.address}, from ${used.from}` : 'directly';
      const ours = here === null ? 'no proxy is set here' : `${here} is set here, by ${outbound.proxyFrom}`;
      return warn(`the daemon reaches relays ${its}, and ${ours}`, SETTING);
    }
    if (!outbound.proxy) return ok(`none: relays are reached directly${authority}`);
    const relay = (await facts.relays()).find(({ url }) => isProxied(outbound, url));
    if (!relay) return ok(`${here}, from ${outbound.proxyFrom}: no relay in use needs it${authority}`);
    return tryProxy(outbound, relay.url, clock, authority);
  },
});

/** Whether the proxy lets us in. Whether it reaches a relay is for the check of that relay to say. */
async function tryProxy(
  { proxy, proxyFrom, authorities }: OutboundSettings,
  relayUrl: string,
  clock: Clock,
  authority: string,
): Promise<Finding> {
  if (!proxy) return ok('none');
  const found = `${proxy.shown}, from ${proxyFrom}: it responds${authority}`;
  try {
    const { signal } = new AbortController();
    const secureContext = trustAlso(authorities);
    (await openTunnel(proxy, targetOf(relayUrl), { clock, signal, secureContext })).destroy();
    return ok(found);
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    if (error.fault === 'refused') return ok(found);
    return fail(
      `from ${proxyFrom}: ${error.message}`,
      `Start the proxy, or correct its address: docs/settings.md. To do without one: "proxy": "none" in config.json.`,
    );
  }
}
