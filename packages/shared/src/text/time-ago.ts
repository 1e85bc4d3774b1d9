import { dayMs, hourMs, minuteMs } from '../ambient/index.ts';

/**
 * Returns how long ago a time is, like `5 min ago`.
 * @param now what to say of less than a minute
 */
export function timeAgo(iso: string, nowMs: number, now = 'now'): string {
  const atMs = Date.parse(iso);
  // A peer that was never seen has 1970.
  if (!(atMs > 0)) return 'never';
  const agoMs = nowMs - atMs;
  if (agoMs < minuteMs) return now;
  if (agoMs < hourMs) return `${Math.floor(agoMs / minuteMs)} min ago`;
  if (agoMs < dayMs) return `${Math.floor(agoMs / hourMs)} h ago`;
  return `${Math.floor(agoMs / dayMs)} d ago`;
}
