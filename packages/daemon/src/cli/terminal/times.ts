import { dayMs, hourMs, minuteMs } from '@ocmesh/shared/ambient';

/** How long ago, as short as it can be said. */
export function timeAgo(iso: string, nowMs: number): string {
  const atMs = Date.parse(iso);
  // What was never seen is dated 1970.
  if (!(atMs > 0)) return 'never';
  const agoMs = nowMs - atMs;
  if (agoMs < minuteMs) return 'now';
  if (agoMs < hourMs) return `${Math.floor(agoMs / minuteMs)} min ago`;
  if (agoMs < dayMs) return `${Math.floor(agoMs / hourMs)} h ago`;
  return `${Math.floor(agoMs / dayMs)} d ago`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** The time of day here; of another day with its date. */
export function localTime(iso: string, nowMs: number): string {
  const at = new Date(iso);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return at.toDateString() === new Date(nowMs).toDateString() ? time : `${day} ${time}`;
}
