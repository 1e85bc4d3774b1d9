import type { UnixMs } from '@ocmesh/shared/ambient';

/** Returns the local calendar day of a time, `2026-01-31`. Called for each line, so it computes each day only once. */
export function createDays(): (timeMs: UnixMs) => string {
  let fromMs = 0;
  let untilMs = 0;
  let name = '';
  return (timeMs) => {
    if (timeMs >= fromMs && timeMs < untilMs) return name;
    const date = new Date(timeMs);
    const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
    // The calendar's next day, not 24 h later: some days have 23 or 25.
    fromMs = new Date(year, month, day).getTime();
    untilMs = new Date(year, month, day + 1).getTime();
    name = `${year}-${twoDigits(month + 1)}-${twoDigits(day)}`;
    return name;
  };
}

const twoDigits = (n: number): string => String(n).padStart(2, '0');
