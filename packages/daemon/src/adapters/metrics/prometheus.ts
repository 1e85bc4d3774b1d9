// The only import of prom-client, at the first call: most daemons are never asked.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@ocmesh/shared/ambient';
import type { RenderMetrics } from '../../core/ports/metrics.ts';

const LAG_RESOLUTION_MS = 20;
const quantiles = [0.5, 0.99, 1];

/** The numbers of the core, and of this process, in the text format of Prometheus. */
export function createRenderMetrics(deps: {
  readonly clock: Clock;
  /** Log lines that could not be written. */
  readonly logLinesLost: () => number;
}): RenderMetrics {
  const startedAtSec = deps.clock.now() / 1000 - process.uptime();
  /** Runs from the first call on: it wakes the process fifty times a second. */
  let lag: IntervalHistogram | null = null;

  /** Since the call before. */
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
    // By `default`: in the bundle a CommonJS module has no other names.
    const { Counter, Gauge, Registry } = (await import('prom-client')).default;
    const registry = new Registry();
    const plain = (value: number) => [{ labels: {}, value }];
    const by = (label: string, counts: Readonly<Record<string, number>>) =>
      Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));

    /** Made anew for each call: what it shows was counted elsewhere. */
    function show(
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
    show(Gauge, 'ocmesh_info', 'The version of this daemon.', [
      { labels: { version: measures.version }, value: 1 },
    ]);
    show(Gauge, 'ocmesh_degraded', '1 while GET /status answers 503.', plain(Number(measures.degraded)));
    show(Gauge, 'ocmesh_messages', 'Stored messages by delivery state.', by('state', measures.messages));
    show(
      Gauge,
      'ocmesh_outbox_depth',
      'Messages, receipts, replies and hellos that still go out.',
      plain(measures.outboxDepth),
    );
    show(Gauge, 'ocmesh_peers_online', 'Peers that are online.', plain(measures.peersOnline));
    show(
      Gauge,
      'ocmesh_peers_known',
      'Peers that were ever discovered or added.',
      plain(measures.peersKnown),
    );
    show(Gauge, 'ocmesh_relays', 'Relays of our own by state.', by('state', measures.relays));
    show(Counter, 'ocmesh_relay_events_total', 'Events that relays sent.', plain(measures.events));
    show(
      Counter,
      'ocmesh_refused_total',
      'Events and frames of relays without effect, by reason.',
      by('reason', measures.refused),
    );
    show(Gauge, 'ocmesh_store_bytes', 'Bytes of the store on disk.', plain(measures.storeBytes));
    show(Gauge, 'ocmesh_journal_bytes', 'Bytes of its journal.', plain(measures.journalBytes));
    show(
      Counter,
      'ocmesh_log_lines_lost_total',
      'Log lines that the disk did not take.',
      plain(deps.logLinesLost()),
    );
    show(
      Gauge,
      'ocmesh_event_loop_lag_seconds',
      'How late the event loop was since the call before.',
      eventLoopLag(),
    );
    show(Counter, 'process_cpu_seconds_total', 'CPU time of the process.', plain((user + system) / 1e6));
    show(Gauge, 'process_resident_memory_bytes', 'Memory of the process.', plain(rss));
    show(Gauge, 'process_start_time_seconds', 'When it started, since 1970.', plain(startedAtSec));
    show(Gauge, 'nodejs_heap_size_used_bytes', 'JavaScript heap in use.', plain(heapUsed));
    return registry.metrics();
  };
}
