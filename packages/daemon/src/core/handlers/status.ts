import type { Handlers } from '@ocmesh/shared/contract';
import { ocmeshVersion } from '@ocmesh/shared/wire';
import { countRequests } from '../trust/requests.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';
import { presentDiscovery, presentReason, presentRelay, presentWarning } from './present.ts';

export function createStatusHandlers(
  {
    identity,
    store,
    network,
    clock,
    confirmedDate,
    health,
    counters,
    discovery,
    loopGuard,
    wakeTests,
  }: Pick<
    HandlerDeps,
    | 'identity'
    | 'store'
    | 'network'
    | 'clock'
    | 'confirmedDate'
    | 'health'
    | 'counters'
    | 'discovery'
    | 'loopGuard'
    | 'wakeTests'
  >,
  options: HandlerOptions,
): Pick<Handlers, 'getHealth' | 'getStatus'> {
  const startedAt = clock.monotonic();

  return {
    getHealth: async () => ({ ok: true }),

    async getStatus() {
      const nowMs = clock.now();
      const reasons = health.reasons();
      // Not `read`, which waits for the disk: the status has to report a disk that fails.
      const counts = store.peek((tables) => ({
        peer_count: tables.peers.countOnline(nowMs, options.onlineWindowMs),
        known_peer_count: tables.peers.count(),
        unread_count: tables.messages.countUnread(confirmedDate()),
        request_count: countRequests(tables, confirmedDate()),
        paused_peers: loopGuard.paused(tables),
        outbox: tables.messages.countByState('queued', 'published', 'failed'),
      }));
      const { bytes, journalBytes } = store.size();
      const test = wakeTests.current();
      return {
        daemon_version: ocmeshVersion,
        uptime_seconds: Math.floor((clock.monotonic() - startedAt) / 1000),
        pubkey: identity.pubkey,
        relay_status: network.relays().map(presentRelay),
        npub: identity.npub,
        name: options.name,
        degraded: reasons.length > 0,
        reasons: reasons.map(presentReason),
        warnings: health.warnings().map(presentWarning),
        proxy: options.proxy,
        storage: { bytes, journal_bytes: journalBytes },
        discovery: presentDiscovery(discovery.status()),
        refused_events: counters.unusual(),
        ...counts,
        ...(test && { wake_test: test }),
      };
    },
  };
}
