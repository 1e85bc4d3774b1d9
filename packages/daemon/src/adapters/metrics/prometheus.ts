// The only import of prom-client, at the first call: most daemons never get one.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@ocmesh/shared/ambient';
import type { RenderMetrics } from '../../core/ports/metrics.ts';

const LAG_RESOLUTION_MS = 20;
const quantiles = [0.5, 0.99, 1];

/** Renders the metrics of the core and of this process in Prometheus' text format. */
export function createRenderMetrics(deps: {
  readonly clock: Clock;
  /** Returns the number of log lines that could not be written. */
  readonly logLinesLost: () => number;
}): RenderMetrics {
  const startedAtSec = deps.clock.now() / 1000 - process.uptime();
  /** Started at the first call, because it wakes the process fifty times a second. */
  let lag: IntervalHistogram | null = null;

  /** Returns the lag since the previous call. */
  function eventLoopLag(): { labels: { quantile: number }; value: number }[] {
    if (!lag) {
      lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
      lag.enable();
    }
    const { count } = lag;
    const values = quantiles.map((quantile) => {
      const sec = count === 0 ? 0 : (lag?.percentile(quantile * 100) ?? 0) / 1e9 - LAG_RESOLUTION_MS / 1000;
      return { labels: { quantile }, value: Math.max(0, sec) };
    });
    lag.reset();
    return values;
  }

  return async (measures) => {
    // `default`, because in the bundle a CommonJS module has no other exports.
    const { Counter, Gauge, Registry } = (await import('prom-client')).default;
    const registry = new Registry();
    const plain = (value: number) => [{ labels: {}, value }];
    const by = (label: string, counts: Readonly<Record<string, number>>) =>
      Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));

    /** Metrics are created at each call, as their values are counted elsewhere. */
    function add(
      kind: typeof Counter | typeof Gauge,
      name: string,
      help: string,
      values: readonly { labels: Record<string, string | number>; value: number }[],
    ): void {
      const labelNames = Object.keys(values[0]?.labels ?? {});
      const metric = new kind({ name, help, labelNames, registers: [registry] });
      for (const { labels, value } of values) metric.inc(labels, value);
    }

    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    add(Gauge, 'ocmesh_info', 'The version of this daemon.', [
      { labels: { version: measures.version }, value: 1 },
    ]);
    add(Gauge, 'ocmesh_degraded', '1 while the daemon is degraded.', plain(Number(measures.degraded)));
    add(Gauge, 'ocmesh_messages', 'Stored messages by delivery state.', by('state', measures.messages));
    add(
      Gauge,
      'ocmesh_outbox_depth',
      'Messages, receipts, replies and hellos in the outbox.',
      plain(measures.outboxDepth),
    );
    add(Gauge, 'ocmesh_peers_online', 'Peers that are online.', plain(measures.peersOnline));
    add(Gauge, 'ocmesh_peers_known', 'Peers that are known.', plain(measures.peersKnown));
    add(Gauge, 'ocmesh_relays', 'Own relays by state.', by('state', measures.relays));
    add(
      Gauge,
      'ocmesh_relays_keep_messages',
      'Own relays by whether they keep our messages.',
      by('answer', measures.relaysKeeping),
    );
    add(
      Gauge,
      'ocmesh_relays_forward_messages',
      'Own relays by whether they forward our messages.',
      by('answer', measures.relaysForwarding),
    );
    add(Counter, 'ocmesh_relay_events_total', 'Events that relays sent.', plain(measures.events));
    add(
      Counter,
      'ocmesh_refused_total',
      'Events and frames of relays that were refused, by reason.',
      by('reason', measures.refused),
    );
    add(Gauge, 'ocmesh_store_bytes', 'Bytes of the store on disk.', plain(measures.storeBytes));
    add(Gauge, 'ocmesh_journal_bytes', 'Bytes of its journal.', plain(measures.journalBytes));
    add(
      Counter,
      'ocmesh_log_lines_lost_total',
      'Log lines that the disk did not take.',
      plain(deps.logLinesLost()),
    );
    add(
      Gauge,
      'ocmesh_event_loop_lag_seconds',
      'How late the event loop was since the previous call.',
      eventLoopLag(),
    );
    add(Counter, 'process_cpu_seconds_total', 'CPU time of the process.', plain((user + system) / 1e6));
    add(Gauge, 'process_resident_memory_bytes', 'Memory of the process.', plain(rss));
    add(Gauge, 'process_start_time_seconds', 'Start time of the process, since 1970.', plain(startedAtSec));
    add(Gauge, 'nodejs_heap_size_used_bytes', 'JavaScript heap in use.', plain(heapUsed));
    return registry.metrics();
  };
}
