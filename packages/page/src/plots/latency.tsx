import { useMemo } from 'preact/hooks';
import { usePage } from '../ui/page-context.ts';
import { Plot } from './plot.tsx';
import { spoken, timesOf } from './series.ts';

/** Points below which a line says nothing. */
const FEW = 3;

/** A relay's round trip, now and over the last 24 hours. */
export function Latency({ url, now }: { url: string; now: string }) {
  const points = usePage().data.history.value?.points;
  const { times, values } = useMemo(
    () => ({
      times: timesOf(points ?? []),
      values: (points ?? []).map(({ round_trip_ms }) => round_trip_ms[url] ?? null),
    }),
    [points, url],
  );
  const lines = useMemo(() => [{ label: 'round trip', colour: 'accent' as const, values }], [values]);
  return (
    <div class="latency">
      <span>
        <span class="quiet">Round trip</span> {now}
      </span>
      {values.filter((value) => value !== null).length >= FEW && (
        <Plot
          small
          times={times}
          lines={lines}
          unit="ms"
          label={spoken('Round trip over 24 hours', values, 'ms')}
        />
      )}
    </div>
  );
}
