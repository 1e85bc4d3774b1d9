import type { Handlers, RelayState } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import type { Answer } from '../model/relay.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';

export function createMetricsHandler(
  {
    store,
    network,
    clock,
    health,
    counters,
    outboxDepth,
    conductOf,
    renderMetrics,
  }: Pick<
    HandlerDeps,
    'store' | 'network' | 'clock' | 'health' | 'counters' | 'outboxDepth' | 'conductOf' | 'renderMetrics'
  >,
  { onlineWindowMs }: HandlerOptions,
): Pick<Handlers, 'getMetrics'> {
  return {
    async getMetrics() {
      const { events, refused } = counters.totals();
      const { bytes, journalBytes } = store.size();
      // Not `read`, which waits for the disk: metrics have to work while it fails.
      return renderMetrics({
        version: ocmeshVersion,
        degraded: health.reasons().length > 0,
        outboxDepth: outboxDepth(),
        relays: relaysByState(network),
        relaysKeeping: relaysByAnswer(network, (url) => conductOf(url).keeps),
        relaysForwarding: relaysByAnswer(network, (url) => conductOf(url).forwards),
        events,
        refused,
        storeBytes: bytes,
        journalBytes,
        ...store.peek(({ messages, peers }) => {
          const sent = messages.countByState('queued', 'published', 'delivered', 'read', 'failed', 'expired');
          const outgoing = Object.values(sent).reduce((sum, rows) => sum + rows, 0);
          return {
            messages: { ...sent, received: messages.totals().count - outgoing },
            peersOnline: peers.countOnline(clock.now(), onlineWindowMs),
            peersKnown: peers.count(),
          };
        }),
      });
    },
  };
}

/** Counts our relays by state. A state without relays is 0, not missing. */
function relaysByState(network: RelayNetwork): Record<RelayState, number> {
  const counts: Record<RelayState, number> = {
    connecting: 0,
    connected: 0,
    disconnected: 0,
    auth_required: 0,
    auth_failed: 0,
    restricted: 0,
    payment_required: 0,
    misbehaving: 0,
  };
  for (const { role, state } of network.relays()) if (role === 'own') counts[state]++;
  return counts;
}

function relaysByAnswer(
  network: RelayNetwork,
  find: (url: string) => Answer,
): Record<Answer['answer'], number> {
  const counts = { yes: 0, no: 0, unknown: 0 };
  for (const { role, url } of network.relays()) if (role === 'own') counts[find(url).answer]++;
  return counts;
}
