import { timeAgo } from '@ocmesh/shared/text';

/** How long ago a time is, in a sentence. */
export const agoInWords = (iso: string, nowMs: number): string => timeAgo(iso, nowMs, 'just now');

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
