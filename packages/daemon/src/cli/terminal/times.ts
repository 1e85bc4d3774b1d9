const two = (value: number): string => String(value).padStart(2, '0');

/** Returns the local time of day, with the date if it is not today. */
export function localTime(iso: string, nowMs: number): string {
  const at = new Date(iso);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return at.toDateString() === new Date(nowMs).toDateString() ? time : `${day} ${time}`;
}
