import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';

export interface Line {
  readonly label: string;
  /** Name of a colour of the style sheet. */
  readonly colour: 'accent' | 'warn' | 'good' | 'quiet' | 'bad';
  readonly values: readonly (number | null)[];
}

/** Pixels in the whole of a plot. */
const HEIGHT = 160;
const SMALL_HEIGHT = 64;

/** Values over time. The library is loaded with the first plot. */
export function Plot({
  times,
  lines,
  label,
  unit,
  small = false,
}: {
  /** Unix times in seconds. */
  times: readonly number[];
  lines: readonly Line[];
  /** What it shows, with its newest, least and greatest values: for readers who do not see it. */
  label: string;
  unit: string;
  small?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shape = lines.map(({ label }) => label).join('\n');
  const latest = useRef<uPlot.AlignedData>([[]]);
  latest.current = [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
  useEffect(() => {
    const { current: element } = box;
    if (!element) return;
    let isOver = false;
    let stop = (): void => {};
    void import('uplot').then(({ default: Plotter }) => {
      if (isOver) return;
      const made = new Plotter(optionsFor(element, lines, unit, small), latest.current, element);
      plot.current = made;
      const height = small ? SMALL_HEIGHT : HEIGHT;
      const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
      resized.observe(element);
      stop = () => {
        resized.disconnect();
        made.destroy();
        plot.current = null;
      };
    });
    return () => {
      isOver = true;
      stop();
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(latest.current), [times, lines]);
  return <div class={`plot ${small ? 'small' : ''}`} ref={box} role="img" aria-label={label} />;
}

function optionsFor(
  element: HTMLElement,
  lines: readonly Line[],
  unit: string,
  small: boolean,
): uPlot.Options {
  // Read again for each drawing: the theme may change.
  const colour = (name: string): string => getComputedStyle(element).getPropertyValue(`--${name}`);
  const axis = {
    stroke: () => colour('quiet'),
    grid: { stroke: () => colour('line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width: element.clientWidth,
    height: small ? SMALL_HEIGHT : HEIGHT,
    legend: { show: !small && lines.length > 1, live: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: small
      ? [{ show: false }, { show: false }]
      : [axis, { ...axis, size: 54, values: (_, ticks) => ticks.map((tick) => `${tick} ${unit}`.trim()) }],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: () => colour(line.colour),
        width: 1.5,
        spanGaps: false,
        points: { show: false },
      })),
    ],
  };
}
