import type { Clock, UnixMs } from '@ocmesh/shared/ambient';
import type { HealthReason } from '../model/domain-events.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { createLasting } from './lasting.ts';
import { statusLimits } from './limits.ts';

/**
 * Finds out whether our relays are not reached because the proxy does not work.
 * @returns the reason to be degraded; at once if no relay was connected for a while anyway
 */
export function createProxyHealth(deps: {
  readonly network: RelayNetwork;
  readonly clock: Clock;
}): (disconnectedSinceMs: UnixMs | null) => HealthReason[] {
  const downSince = createLasting(deps.clock, statusLimits.noRelaySeconds * 1000);

  return (disconnectedSinceMs) => {
    const relay = deps.network.relays().find(({ role, isProxyDown }) => role === 'own' && isProxyDown);
    const sinceMs = downSince(relay !== undefined) ?? disconnectedSinceMs;
    if (!relay || sinceMs === null) return [];
    return [
      {
        code: 'proxy_down',
        // The error is ours: the relay was not reached.
        message: `Relays are not reached because of the proxy, and nothing is sent around it: ${relay.lastError}.`,
        sinceMs,
      },
    ];
  };
}
