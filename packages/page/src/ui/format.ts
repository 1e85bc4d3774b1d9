import { dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';

/** How long ago a time is, like `5 min ago`. */
export function timeAgo(iso: string, nowMs: number): string {
  const atMs = Date.parse(iso);
  // A peer that was never seen has 1970.
  if (!(atMs > 0)) return 'never';
  const agoMs = nowMs - atMs;
  if (agoMs < minuteMs) return 'just now';
  if (agoMs < hourMs) return `${Math.floor(agoMs / minuteMs)} min ago`;
  if (agoMs < dayMs) return `${Math.floor(agoMs / hourMs)} h ago`;
  return `${Math.floor(agoMs / dayMs)} d ago`;
}

const timeOnly = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** The local time of day, with the date if it is not today. */
export function localTime(iso: string, nowMs: number): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  return (isToday ? timeOnly : dayAndTime).format(at);
}

const numbers = new Intl.NumberFormat('en');

export const shownNumber = (value: number): string => numbers.format(value);

/** `1 peer`, `2 peers`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${shownNumber(count)} ${count === 1 ? one : many}`;

export const shownMs = (ms: number | null): string => (ms === null ? '–' : `${Math.round(ms)} ms`);

export const shownMegabytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MB`;
