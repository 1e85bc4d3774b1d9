import { useMemo } from 'preact/hooks';
import type { HistoryPoint } from '../state/page-api.ts';
import { shownMegabytes } from '../ui/format.ts';
import { shownRelay } from '../ui/labels.ts';
import { usePage } from '../ui/page-context.ts';
import { Empty } from '../ui/parts.tsx';
import { type Line, Plot } from './plot.tsx';
import { spoken, timesOf } from './series.ts';

const colours = ['accent', 'warn', 'good', 'quiet', 'bad'] as const;
const MEBIBYTE = 1_048_576;

/** The last 24 hours as plots. */
export function Figures() {
  const points = usePage().data.history.value?.points;
  if (!points || points.length < 2)
    return (
      <Empty title="Nothing to plot yet.">
        The daemon notes one point a minute, and keeps them for 24 hours.
      </Empty>
    );
  return <Plots points={points} />;
}

function Plots({ points }: { points: readonly HistoryPoint[] }) {
  const plots = useMemo(() => {
    const line = (
      label: string,
      colour: Line['colour'],
      value: (point: HistoryPoint) => number | null,
    ): Line => ({
      label,
      colour,
      values: points.map(value),
    });
    const urls = [...new Set(points.flatMap(({ round_trip_ms }) => Object.keys(round_trip_ms)))];
    return [
      {
        title: 'Messages a minute',
        unit: '',
        lines: [
          line('received', 'accent', ({ messages_in }) => messages_in),
          line('sent', 'warn', ({ messages_out }) => messages_out),
        ],
      },
      {
        title: 'Online and connected',
        unit: '',
        lines: [
          line('peers online', 'good', ({ peers_online }) => peers_online),
          line('relays connected', 'quiet', ({ relays_connected }) => relays_connected),
        ],
      },
      {
        title: 'Round trips of relays',
        unit: 'ms',
        lines: urls
          .slice(0, colours.length)
          .map((url, i) =>
            line(shownRelay(url), colours[i] ?? 'quiet', ({ round_trip_ms }) => round_trip_ms[url] ?? null),
          ),
      },
      {
        title: `Memory, now ${shownMegabytes(points.at(-1)?.memory_bytes ?? 0)}`,
        unit: 'MB',
        lines: [line('memory', 'accent', ({ memory_bytes }) => memory_bytes / MEBIBYTE)],
      },
    ];
  }, [points]);
  const times = useMemo(() => timesOf(points), [points]);
  return (
    <div class="plots">
      {plots.map(({ title, unit, lines }) => (
        <section key={title} class="card" aria-label={title}>
          <h2>{title}</h2>
          <Plot
            times={times}
            lines={lines}
            unit={unit}
            label={lines.map(({ label, values }) => spoken(label, values, unit)).join(' ')}
          />
        </section>
      ))}
    </div>
  );
}
