import type { HistoryPoint } from '../state/page-api.ts';

/** Unix times of the points, in seconds. */
export const timesOf = (points: readonly HistoryPoint[]): number[] => points.map(({ at }) => at);

/** The newest, least and greatest value in words; says so if there is none. */
export function spoken(title: string, values: readonly (number | null)[], unit: string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `${title}: nothing yet.`;
  const shown = (value: number): string => `${Math.round(value)}${unit === '' ? '' : ` ${unit}`}`;
  return `${title}: now ${shown(known.at(-1) ?? 0)}, least ${shown(Math.min(...known))}, most ${shown(Math.max(...known))}.`;
}
