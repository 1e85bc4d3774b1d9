import { minuteMs } from '@ocmesh/shared/ambient';

const DAY_MINUTES = 1440;

/**
 * Returns how long the quiet hours last from now; 0 outside of them.
 * @param hours such as `22:00-07:00`
 * @param minuteOfDay of the machine's local time
 */
export function quietMs(hours: string | null, minuteOfDay: number): number {
  if (hours === null) return 0;
  const [from = 0, to = 0] = hours.split('-').map(minutesOf);
  const passed = (minuteOfDay - from + DAY_MINUTES) % DAY_MINUTES;
  const length = (to - from + DAY_MINUTES) % DAY_MINUTES;
  return passed < length ? (length - passed) * minuteMs : 0;
}

const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
};
