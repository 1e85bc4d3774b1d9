import { dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';

/** Returns how long ago a time is, like `5 min ago`. */
export function timeAgo(iso: string, nowMs: number): string {
  const atMs = Date.parse(iso);
  // A peer that was never seen has 1970.
  if (!(atMs > 0)) return 'never';
  const agoMs = nowMs - atMs;
  if (agoMs < minuteMs) return 'now';
  if (agoMs < hourMs) return `${Math.floor(agoMs / minuteMs)} min ago`;
  if (agoMs < dayMs) return `${Math.floor(agoMs / hourMs)} h ago`;
  return `${Math.floor(agoMs / dayMs)} d ago`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Returns the local time of day, with the date if it is not today. */
export function localTime(iso: string, nowMs: number): string {
  const at = new Date(iso);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return at.toDateString() === new Date(nowMs).toDateString() ? time : `${day} ${time}`;
}
